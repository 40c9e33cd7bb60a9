// What the demo adds to simcord's page: a hint, the browser's own player, and a list of places to walk to.
const key = location.hash.slice(1);
const ask = (path, method) => fetch(path, { method, headers: { "X-Simcord-Capability": key }, cache: "no-store" });

// The hint in the empty field is the only instruction that a visitor needs; simcord writes its own there now and then.
const input = document.getElementById("channel-composer-input");
const hint = document.body.dataset.hint;
const show = () => { if (input.placeholder !== hint) input.placeholder = hint; };
new MutationObserver(show).observe(input, { attributes: true, attributeFilter: ["placeholder"] });
show();

// The browser's own player, as in Discord: one bar, and full screen.
const dress = () => document.querySelectorAll("video:not([controls])").forEach((film) => { film.controls = true; });
new MutationObserver(dress).observe(document.body, { childList: true, subtree: true });

// The newest message stays in sight, also when its film grows as it loads, until the visitor scrolls away from the end.
const talk = document.getElementById("channel-timeline");
let follows = true;
const look = () => requestAnimationFrame(() => { follows = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40; });
["wheel", "touchmove", "keyup", "pointerup"].forEach((move) => talk.addEventListener(move, look, { passive: true }));
const end = () => { if (follows) talk.scrollTop = talk.scrollHeight; };
new ResizeObserver(end).observe(document.getElementById("channel-message-list"));
document.getElementById("channel-composer").addEventListener("submit", () => { follows = true; end(); }, true);

const list = document.createElement("nav");
list.id = "places";
list.setAttribute("aria-label", "Channels");
document.getElementById("preview-workspace").prepend(list);
const walk = (id) => ask(`/demo/places/${id}`, "POST").then(() => location.reload());
let here = null, drawn = "";
const places = async () => {
  const answer = await ask("/demo/places", "GET").catch(() => null);
  if (answer?.ok) {
    const text = await answer.text(), known = JSON.parse(text), now = known.find((place) => place.here)?.id;
    if (here !== null && now !== here) location.reload();
    here = now;
    if (text !== drawn) list.replaceChildren(...known.map((place) => {
      const button = document.createElement("button");
      button.textContent = place.name;
      button.classList.toggle("here", place.here);
      button.classList.toggle("news", place.news);
      button.classList.toggle("inside", place.inside);
      button.addEventListener("click", () => walk(place.id));
      return button;
    }));
    drawn = text;
  }
  setTimeout(places, 1000);
};
places();

// A link to a message leads there, as in Discord, and not to discord.com.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="https://discord.com/channels/"]');
  if (!link) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  walk(new URL(link.href).pathname.split("/")[3]);
}, true);
