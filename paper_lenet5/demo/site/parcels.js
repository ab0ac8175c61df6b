// What one part of the page alone needs is fetched when it is opened. As a script: a page that is opened
// from a file may fetch nothing else.
const parcels = (() => {
  const asked = {}, received = {};

  const get = (name) => (asked[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${name}.js`;
    script.onload = () => resolve(received[name]);
    script.onerror = () => {
      delete asked[name]; // and ask again the next time
      reject(new Error(`${name}.js`));
    };
    document.head.append(script);
  }));

  // Open a part once its parcels are there; say so in it where they cannot be had.
  async function open(root, names, act) {
    const said = root.querySelector(".waiting");
    try {
      const contents = await Promise.all(names.map(get));
      said.hidden = true;
      act(...contents);
    } catch (error) {
      said.textContent = `The file ${error.message}, which belongs to this page, could not be read.`;
      said.hidden = false;
    }
  }

  return { get, open, receive: (name, content) => { received[name] = content; } };
})();
