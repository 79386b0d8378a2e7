export function open(root, state, play) {
  root.innerHTML = "<h1>Learn</h1>";
  return {update() {}};
}
