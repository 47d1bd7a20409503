// Views that are turned, enlarged and run through. The page is whole without it: it has a still picture of each.
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const unpacked = (text, Kind) => new Kind(Uint8Array.from(atob(text), one => one.charCodeAt(0)).buffer);
  const edges = [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 3], [2, 6], [3, 7], [4, 5], [4, 6], [5, 7], [6, 7]];
  const darker = (colour, part) => "#" + [1, 3, 5].map(k => Math.round(parseInt(colour.slice(k, k + 2), 16) * part).toString(16).padStart(2, "0")).join("");
  const product = (a, b) => [0, 3, 6].flatMap(r => [0, 1, 2].map(c => a[r] * b[c] + a[r + 1] * b[c + 3] + a[r + 2] * b[c + 6]));

  const view = figure => {
    const data = JSON.parse(figure.querySelector("script").textContent), canvas = figure.querySelector("canvas");
    const picture = figure.querySelector("img"), said = figure.querySelector("output"), range = figure.querySelector("input");
    const points = unpacked(data.points, Uint16Array), cells = unpacked(data.cells, Uint16Array);
    const colours = unpacked(data.colours, Uint8Array), sizes = unpacked(data.sizes, Uint8Array);
    const many = points.length / 3 / data.frames, count = sizes.length, corners = data.corners;
    const context = canvas.getContext("2d"), seen = new Float64Array(3 * many), depth = new Float64Array(count);
    const order = Uint32Array.from({ length: count }, (_, k) => k), most = Math.max(...data.radii);
    let turn = data.turn, frame = data.frames - 1, zoom = 1, shift = [0, 0], from = null, timer = null, sprites = {};

    // Middle and reach of all frames, as they are turned at first: what fills the canvas.
    const reach = (() => {
      const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
      for (let k = 0; k < points.length; k += 3) for (const r of [0, 1]) {
        const at = [0, 1, 2].reduce((sum, c) => sum + data.turn[3 * r + c] * (data.low[c] + data.step[c] * points[k + c]), 0);
        if (at < low[r]) low[r] = at;
        if (at > high[r]) high[r] = at;
      }
      return [0, 1].map(r => (high[r] - low[r]) / 2 + most);
    })();
    const middle = [0, 1, 2].map(c => {
      let top = 0, bottom = Infinity;
      for (let k = c; k < points.length; k += 3) { top = Math.max(top, points[k]); bottom = Math.min(bottom, points[k]); }
      return data.low[c] + data.step[c] * (top + bottom) / 2;
    });

    const sphere = (colour, radius) => {
      const key = colour + radius.toFixed(1);
      if (sprites[key]) return sprites[key];
      const made = document.createElement("canvas"), half = Math.max(1, radius), pen = made.getContext("2d");
      made.width = made.height = Math.ceil(2 * half);
      const light = pen.createRadialGradient(.7 * half, .6 * half, .1 * half, half, half, half);
      light.addColorStop(0, "#ffffff");
      light.addColorStop(.35, colour);
      light.addColorStop(1, darker(colour, .5));
      pen.fillStyle = light;
      pen.arc(half, half, half, 0, 7);
      pen.fill();
      return sprites[key] = made;
    };

    const draw = () => {
      const width = canvas.clientWidth, height = Math.round(width * data.aspect), dots = devicePixelRatio || 1;
      if (!width) return;
      canvas.style.height = `${height}px`;
      if (canvas.width !== Math.round(width * dots)) sprites = {};
      [canvas.width, canvas.height] = [Math.round(width * dots), Math.round(height * dots)];
      const scale = zoom * .485 * Math.min(canvas.width / reach[0], canvas.height / reach[1]);
      const place = (x, y, z) => {
        const at = [x - middle[0], y - middle[1], z - middle[2]];
        const turned = [0, 3, 6].map(r => turn[r] * at[0] + turn[r + 1] * at[1] + turn[r + 2] * at[2]);
        return [canvas.width / 2 + scale * turned[0] + shift[0] * dots, canvas.height / 2 - scale * turned[1] + shift[1] * dots, turned[2]];
      };
      for (let k = 0; k < many; k++) {
        const start = 3 * (frame * many + k);
        seen.set(place(...[0, 1, 2].map(c => data.low[c] + data.step[c] * points[start + c])), 3 * k);
      }
      for (let k = 0; k < count; k++) {
        depth[k] = 0;
        for (let c = 0; c < corners; c++) depth[k] += seen[3 * cells[k * corners + c] + 2];
      }
      if (!data.plane) order.sort((a, b) => depth[a] - depth[b]);
      if (data.boxed) box(dots);
      const shown = colours.length > count ? frame * count : 0;
      for (const k of order) corners === 1 ? ball(k, shown, scale) : face(k, shown, dots);
    };

    const box = dots => {
      context.strokeStyle = getComputedStyle(figure).color;
      context.globalAlpha = .4;
      context.lineWidth = dots;
      for (const ends of edges) {
        context.beginPath();
        for (const end of ends) context.lineTo(seen[3 * (many - 8 + end)], seen[3 * (many - 8 + end) + 1]);
        context.stroke();
      }
      context.globalAlpha = 1;
    };

    const ball = (k, shown, scale) => {
      const at = 3 * cells[k], radius = scale * data.radii[sizes[k]];
      context.drawImage(sphere(data.palette[colours[shown + k]], radius), seen[at] - radius, seen[at + 1] - radius, 2 * radius, 2 * radius);
    };

    const face = (k, shown, dots) => {
      const at = c => 3 * cells[k * corners + c];
      let colour = data.palette[colours[shown + k]];
      context.beginPath();
      for (let c = 0; c < corners; c++) context.lineTo(seen[at(c)], seen[at(c) + 1]);
      if (corners === 2) {
        [context.strokeStyle, context.lineWidth] = [colour, 1.6 * dots];
        return context.stroke();
      }
      if (!data.plane) colour = darker(colour, bright(at(0), at(1), at(2)));
      context.closePath();
      [context.fillStyle, context.strokeStyle, context.lineWidth] = [colour, data.plane ? colour : darker(colour, .75), .5 * dots];
      context.fill();
      context.stroke();
    };

    // How much a face looks at the reader; depths are in the scene's unit, the rest in dots.
    const bright = (a, b, c) => {
      const scale = zoom * .485 * Math.min(canvas.width / reach[0], canvas.height / reach[1]);
      const [u, v] = [b, c].map(end => [0, 1, 2].map(r => (seen[end + r] - seen[a + r]) * (r === 2 ? scale : 1)));
      const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      return .62 + .38 * Math.abs(normal[2]) / (Math.hypot(...normal) || 1);
    };

    const to = next => {
      frame = next;
      said.textContent = data.labels[frame];
      if (range) range.value = frame;
      draw();
    };
    const rotate = (x, y) => {
      if (data.plane) shift = [shift[0] + x, shift[1] + y];
      else {
        const [a, b] = [x / 150, y / 150], [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
        turn = product([1, 0, 0, 0, cb, -sb, 0, sb, cb], product([ca, 0, sa, 0, 1, 0, -sa, 0, ca], turn));
      }
      draw();
    };
    const enlarge = factor => { zoom = Math.min(Math.max(zoom * factor, .5), 40); shift = shift.map(s => s * factor); draw(); };

    const play = figure.querySelector(".play");
    const pause = () => { clearInterval(timer); timer = null; if (play) play.textContent = "Play"; };
    const run = () => {
      play.textContent = "Pause";
      if (frame === data.frames - 1) to(0);
      timer = setInterval(() => frame < data.frames - 1 ? to(frame + 1) : pause(), 180);
    };
    play?.addEventListener("click", () => timer ? pause() : run());
    if (range) range.max = data.frames - 1;
    range?.addEventListener("input", () => { pause(); to(Number(range.value)); });
    figure.querySelector(".nearer").addEventListener("click", () => enlarge(1.4));
    figure.querySelector(".farther").addEventListener("click", () => enlarge(1 / 1.4));

    canvas.addEventListener("pointerdown", event => { from = [event.clientX, event.clientY]; });
    window.addEventListener("pointermove", event => {
      if (!from) return;
      rotate(event.clientX - from[0], event.clientY - from[1]);
      from = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => { from = null; });
    canvas.addEventListener("dblclick", () => { [turn, zoom, shift] = [data.turn, 1, [0, 0]]; draw(); });
    canvas.addEventListener("keydown", event => {
      const way = { ArrowLeft: [-15, 0], ArrowRight: [15, 0], ArrowUp: [0, -15], ArrowDown: [0, 15] }[event.key];
      if (way) { event.preventDefault(); rotate(...way); }
      if (event.key === "+" || event.key === "-") enlarge(event.key === "+" ? 1.4 : 1 / 1.4);
    });

    picture.hidden = true;
    canvas.hidden = figure.querySelector(".controls").hidden = false;
    to(frame);
    new ResizeObserver(draw).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    // Once by itself, when it is first seen, unless the reader wants no motion.
    if (play && !still.matches) new IntersectionObserver(([one], watcher) => {
      if (one.isIntersecting) { watcher.disconnect(); if (!timer) run(); }
    }, { threshold: .6 }).observe(canvas);
  };
  document.querySelectorAll("figure.view").forEach(figure => { if (figure.querySelector("canvas")) view(figure); });
})();
