// The viewer of photos and clips. One listener of each kind for all viewers: they are replaced with every analysis.
(() => {
  const OVERLAY_HOLD_S = 0.15; // so long around a sampled instant its overlay still lies on the face
  const SEEK_INTO_S = 0.001; // a time is rounded; this reaches into the frame that begins there
  const SAME_SHAPE = 0.02; // how much the shape of the video may differ from that of the frames
  const REST_MS = 250; // frames that are only passed through are not asked for

  const all = (place, selector) => [...place.querySelectorAll(selector)];
  const viewerOf = (node) => node.closest?.(".viewer");
  const videoOf = (viewer) => (viewer.dataset.mode === "video" ? viewer.querySelector("video") : null);
  const timesOf = (viewer) => JSON.parse(viewer.dataset.times ?? "[0]");
  const currentOf = (viewer) => Number(viewer.dataset.current ?? 0);
  const faceButton = (viewer, face, frame) =>
    viewer.querySelector(`.face[data-face="${Number(face)}"][data-frame="${Number(frame)}"]`);

  // --- which frame is shown ---

  const nearest = (times, time) =>
    times.reduce((best, other, number) => (Math.abs(other - time) < Math.abs(times[best] - time) ? number : best), 0);

  const halfStep = (times) => {
    const steps = times.slice(1).map((time, number) => time - times[number]).sort((a, b) => a - b);
    return steps.length ? steps[Math.floor(steps.length / 2)] / 2 : OVERLAY_HOLD_S;
  };

  const movePlayhead = (viewer, time) => {
    for (const plot of all(viewer, ".plot > svg")) {
      const { left, right, duration } = plot.dataset;
      const share = Math.min(Math.max(time / Math.max(duration, 1e-6), 0), 1);
      const head = plot.querySelector(".playhead");
      head?.setAttribute("transform", `translate(${Number(left) + share * (right - left)},0)`);
      head?.setAttribute("visibility", "visible");
    }
  };

  // Shows the boxes and the words of a frame; the focus stays on the same face.
  const mark = (viewer, number) => {
    const focused = document.activeElement;
    const face = viewer.contains(focused) ? focused.closest(".layer .face")?.dataset.face : undefined;
    for (const part of all(viewer, ".layer, .caption")) part.hidden = part.dataset.frame !== String(number);
    for (const button of all(viewer, ".instant")) {
      button.setAttribute("aria-current", String(button.dataset.show === String(number)));
    }
    viewer.dataset.current = number;
    const slider = viewer.querySelector("[data-role=frame]");
    if (!slider) return;
    slider.value = number;
    slider.setAttribute("aria-valuetext", viewer.querySelector(`.caption[data-frame="${number}"] p`).textContent);
    if (face !== undefined) (faceButton(viewer, face, number) ?? slider).focus();
  };

  const show = (viewer, wanted) => {
    const times = timesOf(viewer);
    const number = Math.min(Math.max(Number(wanted), 0), times.length - 1);
    mark(viewer, number);
    delete viewer.dataset.near;
    movePlayhead(viewer, times[number]);
    const video = videoOf(viewer);
    if (!video) return;
    video.pause();
    viewer.querySelector(".stage").toggleAttribute("data-waiting", true); // for the video, behind the picture of the frame
    if (video.readyState) video.currentTime = times[number] + SEEK_INTO_S;
  };

  // Draws what was found at the sampled instant that is nearest to where the video is.
  const follow = (viewer, video) => {
    const times = timesOf(viewer), time = video.currentTime;
    const number = nearest(times, time), distance = Math.abs(times[number] - time);
    const isInCut = JSON.parse(viewer.dataset.cuts).some(([after, before]) => after < time && time < before);
    const isNear = distance <= OVERLAY_HOLD_S;
    viewer.dataset.near = isNear ? "overlay" : distance <= halfStep(times) && !isInCut ? "boxes" : "none";
    if (number !== currentOf(viewer)) mark(viewer, number);
    movePlayhead(viewer, time);
  };

  const followWhilePlaying = (viewer, video) => {
    if (!video.isConnected || video.paused || video.ended) return;
    follow(viewer, video);
    requestAnimationFrame(() => followWhilePlaying(viewer, video));
  };

  const showFramesOnly = (viewer) => {
    viewer.dataset.mode = "frames";
    delete viewer.dataset.near;
    viewer.querySelector("video")?.remove();
    viewer.querySelector(".stage").removeAttribute("data-waiting");
    viewer.querySelector(".cannot-play").hidden = false;
  };

  const videoEvents = {
    error: showFramesOnly,
    loadedmetadata: (viewer, video) => {
      const still = viewer.querySelector(".still");
      const shape = (video.videoWidth / video.videoHeight) / (still.getAttribute("width") / still.getAttribute("height"));
      if (!(Math.abs(shape - 1) < SAME_SHAPE)) showFramesOnly(viewer); // no picture at all, or another one
      else show(viewer, currentOf(viewer));
    },
    seeked: (viewer, video) => {
      viewer.querySelector(".stage").removeAttribute("data-waiting");
      follow(viewer, video);
    },
    play: (viewer, video) => {
      viewer.querySelector(".stage").removeAttribute("data-waiting");
      followWhilePlaying(viewer, video);
    },
    timeupdate: (viewer, video) => { if (!video.seeking) follow(viewer, video); },
  };
  for (const [name, act] of Object.entries(videoEvents)) {
    // events of media do not bubble
    document.addEventListener(name, ({ target }) => {
      const viewer = target instanceof HTMLVideoElement && viewerOf(target);
      if (viewer && videoOf(viewer)) act(viewer, target);
    }, true);
  }

  // --- a face shown large ---

  // The square around a face out of a picture of the whole frame, with whatever else lies over that.
  const squareOf = (button, ...layers) => {
    const [left, top, width, height] = button.dataset.square.split(" ").map(Number);
    const whole = document.createElement("div");
    whole.className = "whole";
    Object.assign(whole.style, {
      left: `${(-100 * left) / width}%`, top: `${(-100 * top) / height}%`, width: `${1e4 / width}%`, height: `${1e4 / height}%`,
    });
    whole.append(...layers);
    const turned = document.createElement("div");
    turned.className = "turned";
    turned.style.rotate = `${-90 * button.dataset.turns}deg`;
    turned.append(whole);
    return turned;
  };

  const copyOf = (picture, label) => {
    const copy = picture.cloneNode();
    copy.alt = label ?? "";
    return copy;
  };

  let asking = 0;
  const openFace = (viewer, face, frame) => {
    const button = faceButton(viewer, face, frame);
    if (!button) return;
    const layer = button.closest(".layer"), dialog = viewer.querySelector(".closeup");
    const heat = layer.querySelector(`.overlay img[data-face="${Number(face)}"]`), still = layer.querySelector(".still");
    dialog.dataset.face = face;
    dialog.dataset.frame = frame;
    dialog.setAttribute("aria-label", button.dataset.title);
    dialog.querySelector("h3").textContent = button.dataset.title;
    dialog.querySelector(".facts").textContent = button.dataset.facts;
    dialog.querySelector(".source").textContent = "";
    dialog.querySelector(".plain").replaceChildren(squareOf(button, copyOf(still, button.dataset.title)));
    dialog.querySelector(".heated").replaceChildren(squareOf(button, copyOf(still), ...(heat ? [copyOf(heat)] : [])));
    for (const [name, step] of [["previous", -1], ["next", 1]]) {
      const control = dialog.querySelector(`[data-do=${name}]`);
      if (control) control.setAttribute("aria-disabled", String(!neighbour(viewer, dialog, step)));
    }
    if (!dialog.open) dialog.showModal();
    clearTimeout(asking);
    asking = setTimeout(() => {
      if (!dialog.open) return;
      viewer.dispatchEvent(new CustomEvent("enlarge", { bubbles: true, detail: { face: Number(face), frame: Number(frame) } }));
    }, dialog.dataset.asked ? REST_MS : 0);
    dialog.dataset.asked = "once";
  };

  const neighbour = (viewer, dialog, step) => {
    const buttons = all(viewer, `.face[data-face="${Number(dialog.dataset.face)}"]`);
    return buttons[buttons.findIndex((button) => button.dataset.frame === dialog.dataset.frame) + step];
  };

  const stepFace = (viewer, dialog, step) => {
    const button = neighbour(viewer, dialog, step);
    if (!button) return;
    show(viewer, button.dataset.frame);
    openFace(viewer, button.dataset.face, button.dataset.frame);
  };

  // What the server cut from the file takes the place of the enlarged picture of the frame.
  document.addEventListener("enlarged", ({ target }) => {
    const answer = target.querySelector(".enlarged");
    const dialog = document.querySelector(".closeup[open]");
    if (!answer || dialog?.dataset.face !== answer.dataset.face || dialog.dataset.frame !== answer.dataset.frame) return;
    const plain = answer.querySelector(".plain"), heat = answer.querySelector(".heat");
    dialog.querySelector(".plain").replaceChildren(copyOf(plain, dialog.getAttribute("aria-label")));
    dialog.querySelector(".heated").replaceChildren(copyOf(plain), ...(heat ? [copyOf(heat)] : []));
    dialog.querySelector(".source").textContent = answer.querySelector("p").textContent;
  });

  document.addEventListener("close", ({ target }) => {
    if (!target.matches?.(".closeup")) return;
    delete target.dataset.asked;
    const viewer = viewerOf(target);
    // the browser gives the focus back, unless another frame has come up meanwhile
    if (document.activeElement === document.body || !document.activeElement?.checkVisibility()) {
      faceButton(viewer, target.dataset.face, currentOf(viewer))?.focus();
    }
  }, true);

  // The table of faces is a component of its own, after its viewer.
  const viewerBefore = (node) =>
    all(document, ".viewer").findLast((viewer) => viewer.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);

  // --- what a person does ---

  document.addEventListener("input", ({ target }) => {
    const viewer = viewerOf(target);
    if (!viewer) return;
    const { role } = target.dataset;
    if (role === "opacity") viewer.style.setProperty("--opacity", target.value / 100);
    if (role === "compare") {
      viewer.style.setProperty("--cut", `${target.value}%`);
      viewer.toggleAttribute("data-compares", target.value > 0);
    }
    if (role === "toggle") viewer.toggleAttribute("data-bare", !target.checked);
    if (role === "frame") show(viewer, target.value);
  });

  document.addEventListener("click", ({ target }) => {
    const row = target.closest?.(".faces tr[data-face]");
    const viewer = row ? viewerBefore(row) : viewerOf(target);
    if (!viewer) return;
    const dialog = viewer.querySelector(".closeup");
    const face = row ?? target.closest(".face");
    const chosen = target.closest("[data-show]"), { do: order } = target.closest("[data-do]")?.dataset ?? {};
    if (face) {
      if (face.dataset.frame !== String(currentOf(viewer)) || videoOf(viewer)) show(viewer, face.dataset.frame);
      openFace(viewer, face.dataset.face, face.dataset.frame);
    } else if (chosen) show(viewer, chosen.dataset.show);
    else if (order === "close" || target === dialog) dialog.close(); // around the dialog lies what counts as the dialog
    else if (order) stepFace(viewer, dialog, order === "next" ? 1 : -1);
  });

  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const viewer = viewerOf(event.target);
    if (!step || !viewer || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input")) return;
    const dialog = viewer.querySelector(".closeup");
    if (dialog.open) stepFace(viewer, dialog, step);
    else if (viewer.classList.contains("clip")) show(viewer, currentOf(viewer) + step);
    else return;
    event.preventDefault();
  }, true);
})();
