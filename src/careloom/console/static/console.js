// Improves what works without it: sections marked data-live="SECONDS" are asked again and put in place, unless
// somebody is typing in them or has chosen something there; links and forms stay as they are.
(() => {
  "use strict";
  const due = new Map();
  const busy = (section) =>
    section.contains(document.activeElement) || section.querySelector("input:checked:not([data-kept])") !== null;

  async function refresh(ids) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ids) {
      const before = document.getElementById(id);
      const after = fresh.getElementById(id);
      if (before && after && !busy(before) && before.outerHTML !== after.outerHTML) before.replaceWith(after);
    }
  }

  async function tick() {
    if (!document.hidden) {
      const now = Date.now();
      const ids = [];
      for (const section of document.querySelectorAll("[data-live][id]")) {
        if ((due.get(section.id) ?? 0) <= now) {
          if (due.has(section.id)) ids.push(section.id);
          due.set(section.id, now + 1000 * Number(section.dataset.live));
        }
      }
      if (ids.length) await refresh(ids).catch(() => {});
    }
    setTimeout(tick, 500);
  }
  tick();

  // A box that ticks all boxes of its form.
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.dataset.all) return;
    for (const one of document.querySelectorAll(`input[type=checkbox][name="${box.dataset.all}"]`)) one.checked = box.checked;
  });
})();
