/** What the page does beside the components: it shows the line, and speaks with them as with any element. */
const line = document.querySelector('#line');
const components = [...document.querySelectorAll('lustre-server-component')];
const shown = new Set();

function showLine() {
  const isUp = shown.size === components.length;
  line.textContent = isUp ? 'Connected' : 'Connecting…';
  line.classList.toggle('up', isUp);
}

for (const component of components) {
  component.addEventListener('lustre:mount', () => {
    shown.add(component);
    showLine();
  });
  // It comes back by itself, and is mounted anew.
  component.addEventListener('lustre:close', () => {
    shown.delete(component);
    showLine();
  });
  if (component.shadowRoot?.hasChildNodes()) shown.add(component);
}
showLine();

const visitor = document.querySelector('#visitor');
document.querySelector('#step')?.addEventListener('change', ({ target }) => {
  visitor.setAttribute('step', target.value);
});
visitor?.addEventListener('counted', ({ detail }) => {
  document.title = `${detail} · Rendered on the server`;
});
