// Values under the pointer and zooming in diagrams, and copying of input files. The page is whole without it.
(() => {
  const add = (parent, kind, attributes, text = "") => {
    const made = document.createElementNS(parent.namespaceURI, kind);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return parent.appendChild(made);
  };
  const short = value => {
    const said = String(Number(value.toPrecision(4)));
    return said.replace(/e([+-]?\d+)/, " × 10^$1").replace("+", "").replaceAll("-", "−");
  };
  const between = (low, high, log) => {
    const to = log ? Math.log10 : value => value, [a, b] = [to(low), to(high)];
    return { part: value => (to(value) - a) / (b - a), at: part => log ? 10 ** (a + part * (b - a)) : a + part * (b - a) };
  };
  const ticks = (low, high, log) => {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(k => k * power).find(size => size >= rough), found = [];
    if (log && high / low > 10) for (let t = 10 ** Math.ceil(Math.log10(low)); t <= high; t *= 10) found.push(t);
    else for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
    return found;
  };

  const diagram = figure => {
    const svg = figure.querySelector("svg"), data = JSON.parse(figure.querySelector("script").textContent);
    const [left, top, right, bottom] = data.box, tip = figure.querySelector(".tip");
    const whole = { x: data.x.slice(0, 2), y: data.y.slice(0, 2) };
    let shown = whole, zoomed = null, from = null, frame = null;
    const ring = add(svg, "circle", { r: 4, fill: "none", stroke: "currentColor", "stroke-width": 1.5, visibility: "hidden" });
    const across = () => between(...shown.x, data.x[2]), up = () => between(...shown.y, data.y[2]);
    const place = (x, y) => [left + across().part(x) * (right - left), bottom - up().part(y) * (bottom - top)];
    const pointer = event => {
      const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      return [(event.clientX - box.left) / box.width * view.width, (event.clientY - box.top) / box.height * view.height];
    };
    const inside = ([x, y]) => x >= left && x <= right && y >= top && y <= bottom;

    const redraw = () => {
      zoomed?.remove();
      zoomed = null;
      const own = shown === whole;
      svg.querySelectorAll(".series, .frame").forEach(one => { one.style.display = own ? "" : "none"; });
      if (own) return;
      const cut = "cut" + Math.random().toString(36).slice(2);
      zoomed = add(svg, "g", { "font-size": 9, fill: "currentColor" });
      const rectangle = { x: left, y: top, width: right - left, height: bottom - top };
      add(add(zoomed, "clipPath", { id: cut }), "rect", rectangle);
      const thin = { stroke: "currentColor", "stroke-width": .6, "stroke-opacity": .25 };
      for (const t of ticks(...shown.x, data.x[2])) {
        const x = place(t, shown.y[0])[0];
        add(zoomed, "line", { x1: x, x2: x, y1: top, y2: bottom, ...thin });
        add(zoomed, "text", { x, y: bottom + 12, "text-anchor": "middle" }, short(t));
      }
      for (const t of ticks(...shown.y, data.y[2])) {
        const y = place(shown.x[0], t)[1];
        add(zoomed, "line", { x1: left, x2: right, y1: y, y2: y, ...thin });
        add(zoomed, "text", { x: left - 4, y: y + 3, "text-anchor": "end" }, short(t));
      }
      const lines = add(zoomed, "g", { "clip-path": `url(#${cut})`, fill: "none", "stroke-width": 1.5 });
      for (const line of data.lines) {
        const points = line.x.map((x, k) => place(x, line.y[k])), stroke = line.colour;
        if (line.line) add(lines, "polyline", { points: points.join(" "), stroke, "stroke-dasharray": line.dashed ? "5 3" : "none" });
        if (line.points) for (const [cx, cy] of points) add(lines, "circle", { cx, cy, r: 2, stroke });
      }
      svg.append(ring);
    };

    const say = event => {
      const here = pointer(event);
      let best = null, least = 30;
      if (inside(here)) for (const line of data.lines) line.x.forEach((x, k) => {
        const at = place(x, line.y[k]), distance = Math.hypot(at[0] - here[0], at[1] - here[1]);
        if (distance < least && inside(at)) [best, least] = [{ line, k, at }, distance];
      });
      ring.setAttribute("visibility", best ? "visible" : "hidden");
      tip.hidden = !best;
      if (!best) return;
      ring.setAttribute("cx", best.at[0]);
      ring.setAttribute("cy", best.at[1]);
      const { line, k } = best;
      tip.textContent = `${line.label ? line.label + ": " : ""}${data.x[3]} ${short(line.x[k])}, ${data.y[3]} ${short(line.y[k])}`;
    };
    svg.addEventListener("pointermove", event => {
      say(event);
      if (!from) return;
      const [x, y] = pointer(event);
      frame ??= add(svg, "rect", { fill: "currentColor", "fill-opacity": .12 });
      for (const [key, value] of Object.entries({ x: Math.min(x, from[0]), y: Math.min(y, from[1]),
        width: Math.abs(x - from[0]), height: Math.abs(y - from[1]) })) frame.setAttribute(key, value);
    });
    svg.addEventListener("pointerleave", () => { tip.hidden = true; ring.setAttribute("visibility", "hidden"); });
    svg.addEventListener("pointerdown", event => {
      if (event.pointerType === "mouse" && inside(pointer(event))) { from = pointer(event); event.preventDefault(); }
    });
    window.addEventListener("pointerup", event => {
      const to = pointer(event), start = from;
      frame?.remove();
      [from, frame] = [null, null];
      if (!start || Math.abs(to[0] - start[0]) < 6 || Math.abs(to[1] - start[1]) < 6) return;
      const clip = (value, low, high) => Math.min(Math.max(value, low), high);
      const xs = [start[0], to[0]].map(x => across().at((clip(x, left, right) - left) / (right - left))).sort((a, b) => a - b);
      const ys = [start[1], to[1]].map(y => up().at((bottom - clip(y, top, bottom)) / (bottom - top))).sort((a, b) => a - b);
      shown = { x: xs, y: ys };
      redraw();
    });
    svg.addEventListener("dblclick", () => { shown = whole; redraw(); });
  };
  document.querySelectorAll("figure.diagram").forEach(diagram);

  const folder = decodeURI(location.pathname).replace(/\/[^/]*$/, "");
  document.querySelectorAll(".snippet").forEach(one => {
    const text = one.querySelector("pre"), button = one.querySelector("button");
    if (location.protocol === "file:") text.textContent = text.textContent.replaceAll("FOLDER", folder);
    button.hidden = false;
    button.addEventListener("click", async () => {
      const range = document.createRange();
      range.selectNodeContents(text);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      try { await navigator.clipboard.writeText(text.textContent); } catch { document.execCommand("copy"); }
      button.textContent = "Copied";
    });
  });
})();
