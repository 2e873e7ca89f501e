// The part of a photo that is shown, as pure geometry. Boxes are `{left, top, width, height}` in pixels of the photo.

const NARROWEST = 0.5; // the shorter side of a crop over its longer one
const SLACK = 1; // pixels by which a face may be larger than its box, which is rounded

/** What a crop must keep to: it lies inside the photo and holds the face. */
export function limitsOf({ width, height, faces, face }) {
  const { box } = faces[face];
  return {
    right: width,
    bottom: height,
    face: {
      left: clamp(box.left - SLACK, 0, width),
      top: clamp(box.top - SLACK, 0, height),
      right: clamp(box.left + box.width + SLACK, 0, width),
      bottom: clamp(box.top + box.height + SLACK, 0, height),
    },
  };
}

/** The crop moved by (dx, dy), as far as it may go. */
export function moved(crop, dx, dy, { right, bottom, face }) {
  const { left, top, width, height } = crop;
  return {
    left: clamp(Math.round(left + dx), Math.max(0, face.right - width), Math.min(right - width, face.left)),
    top: clamp(Math.round(top + dy), Math.max(0, face.bottom - height), Math.min(bottom - height, face.top)),
    width,
    height,
  };
}

/** The crop with one corner ("nw", "ne", "sw", "se") moved by (dx, dy), as far as it may go; the opposite one stays. */
export function resized(crop, corner, dx, dy, { right, bottom, face }) {
  const west = corner.includes("w");
  const north = corner.includes("n");
  const x = west ? crop.left + crop.width : crop.left; // the corner that stays
  const y = north ? crop.top + crop.height : crop.top;
  const wanted = { width: crop.width + (west ? -dx : dx), height: crop.height + (north ? -dy : dy) };
  const least = { width: west ? x - face.left : face.right - x, height: north ? y - face.top : face.bottom - y };
  const most = { width: west ? x : right - x, height: north ? y : bottom - y };
  const { width, height } = proportioned(wanted, least, most);
  return { left: west ? x - width : x, top: north ? y - height : y, width, height };
}

/** The size nearest to the wanted one that is neither too small, nor too large, nor too narrow. */
function proportioned(wanted, least, most) {
  let width = clamp(Math.round(wanted.width), least.width, most.width);
  let height = clamp(Math.round(wanted.height), least.height, most.height);
  if (height < NARROWEST * width) {
    width = Math.max(Math.floor(height / NARROWEST), least.width);
    height = Math.max(height, Math.ceil(width * NARROWEST));
  } else if (width < NARROWEST * height) {
    height = Math.max(Math.floor(width / NARROWEST), least.height);
    width = Math.max(width, Math.ceil(height * NARROWEST));
  }
  return { width, height };
}

/** Pixels of what is shown when its longer side has `size`: even numbers, as videos need. */
export function outputSize({ width, height }, size) {
  const scale = size / Math.max(width, height);
  return { width: even(width * scale), height: even(height * scale) };
}

export function sameBox(a, b) {
  return ["left", "top", "width", "height"].every((side) => a[side] === b[side]);
}

function even(length) {
  return 2 * Math.round(length / 2);
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
