// Put at the head of a report by benchmarks/people_reports.py: what a reader with this window would find wrong.
(() => {
  const faults = [];
  window.addEventListener("error", event => {
    const source = event.target?.src || event.target?.href;
    faults.push(source ? `missing: ${source}` : `script: ${event.message}`);
  }, true);
  window.addEventListener("unhandledrejection", event => faults.push(`script: ${event.reason}`));
  const named = one => `${one.tagName.toLowerCase()}${one.className?.baseVal ?? one.className ? "." + (one.className.baseVal ?? one.className) : ""} ${(one.textContent || "").trim().slice(0, 40)}`;
  const scrolls = one => {
    for (let up = one.parentElement; up; up = up.parentElement)
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(up).overflowX) && up !== document.body) return true;
    return false;
  };
  window.addEventListener("load", () => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) faults.push(`page scrolls sideways: ${document.documentElement.scrollWidth} in ${width}`);
    for (const one of document.body.querySelectorAll("*")) {
      const box = one.getBoundingClientRect();
      if (!box.width || one.closest("svg") || scrolls(one)) continue;
      if (box.right > width + 1 || box.left < -1) faults.push(`outside the page: ${named(one)} to ${Math.round(box.right)}`);
    }
    for (const svg of document.querySelectorAll("svg")) {
      const whole = svg.getBoundingClientRect();
      for (const one of svg.querySelectorAll("text")) {
        const box = one.getBoundingClientRect();
        if (box.right > whole.right + 2 || box.left < whole.left - 2 || box.top < whole.top - 2 || box.bottom > whole.bottom + 2)
          faults.push(`outside its picture: ${one.textContent}`);
      }
      const from = [whole.left + .4 * whole.width, whole.top + .4 * whole.height];
      const to = [whole.left + .7 * whole.width, whole.top + .7 * whole.height];
      const point = (kind, [clientX, clientY]) => svg.dispatchEvent(new PointerEvent(kind, { clientX, clientY, pointerType: "mouse", bubbles: true }));
      point("pointermove", from);
      point("pointerdown", from);
      point("pointermove", to);
      point("pointerup", to);
      svg.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    }
    for (const canvas of document.querySelectorAll("canvas")) {
      const label = canvas.getAttribute("aria-label"), pen = canvas.getContext("2d");
      const drawn = () => canvas.width && pen.getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, value, k) => k % 4 === 3 && value ? sum + value * (k % 9973) : sum, 0);
      const before = drawn();
      if (!before) faults.push(`view without content: ${label}`);
      const box = canvas.getBoundingClientRect(), move = (kind, part) => canvas.dispatchEvent(new PointerEvent(kind, {
        clientX: box.left + part * box.width, clientY: box.top + part * box.height, pointerType: "mouse", bubbles: true }));
      move("pointerdown", .4);
      move("pointermove", .6);
      move("pointerup", .6);
      canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true, cancelable: true }));
      if (drawn() === before) faults.push(`view that does not turn: ${label}`);
      canvas.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
      if (drawn() !== before) faults.push(`view that does not turn back: ${label}`);
      const range = canvas.closest("figure").querySelector("input");
      if (!range) continue;
      range.value = 0;
      range.dispatchEvent(new Event("input", { bubbles: true }));
      if (drawn() === before) faults.push(`view whose frames are the same: ${label}`);
    }
    for (const one of document.querySelectorAll("img")) if (!one.naturalWidth) faults.push(`picture without content: ${one.alt}`);
    for (const one of document.querySelectorAll("td, th, dd, dt, h1, h2, h3, li"))
      if (!one.textContent.trim()) faults.push(`empty: ${named(one)}`);
    document.querySelectorAll("button").forEach(one => one.click());
    const links = [...document.querySelectorAll("a[href]")].map(one => one.getAttribute("href"));
    setTimeout(() => {
      parent.postMessage(JSON.stringify({ width, faults, links }), "*");
    }, 100);
  });
})();
