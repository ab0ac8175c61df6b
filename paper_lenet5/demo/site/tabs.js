// The parts of the page, one at a time; which one, and how it is set, stands in the address.
const tabs = (() => {
  const links = [...document.querySelectorAll("#parts a")], title = document.title;
  const parts = {}; // by name: {open(settings of the address), written(): settings, close()}
  let now = null, heard = () => {};

  function open(name, settings = new URLSearchParams()) {
    const link = links.find((each) => each.dataset.tab === name) ?? links[0];
    const before = now;
    now = link.dataset.tab;
    if (before !== now) parts[before]?.close?.();
    document.body.dataset.tab = now;
    document.title = link === links[0] ? title : `${link.textContent} – ${title}`;
    for (const part of document.querySelectorAll("[data-in]")) {
      part.hidden = !part.dataset.in.split(" ").includes(now);
    }
    for (const each of links) {
      if (each === link) each.setAttribute("aria-current", "page");
      else each.removeAttribute("aria-current");
    }
    parts[now]?.open(settings);
  }

  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another window
      event.preventDefault();
      if (link.dataset.tab === now) return;
      open(link.dataset.tab);
      heard(true);
    });
  }

  return {
    parts, open,
    get now() { return now; },
    written: () => (now === links[0].dataset.tab ? {} : { t: now, ...parts[now]?.written?.() }),
    changed: () => heard(false),
    hear: (act) => { heard = act; },
  };
})();
