// The tables, from the committed results.
const results = (() => {
  const root = document.getElementById("results");

  const open = () => parcels.open(root, ["results"], (html) => {
    root.querySelector(".tables").innerHTML = html;
  });

  return { open };
})();
