// Keeps the page for when there is no network. A new page has a new version, and the old one goes.
const VERSION = "@{version}";
const FILES = @{files};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = async () => {
    for (const name of await caches.keys()) if (name !== VERSION) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(others());
});

self.addEventListener("fetch", (event) => {
  const kept = () => caches.match(event.request, { ignoreSearch: true });
  event.respondWith(kept().then((response) => response ?? fetch(event.request)));
});
