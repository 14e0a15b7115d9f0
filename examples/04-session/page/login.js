document.querySelector('#failed').hidden = !new URL(location.href).searchParams.has('failed');
