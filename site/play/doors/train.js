export function open(root, state, play) {
  root.innerHTML = "<h1>Train</h1>";
  return {update() {}};
}
