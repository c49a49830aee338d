const form = document.querySelector('form')

document.querySelector('.ready').addEventListener('click', (event) => {
  const user = event.target.closest('button')
  if (user === null) return
  form.username.value = user.dataset.username
  form.password.value = user.dataset.password
  form.querySelector('.go').focus()
})

// A password that was refused is not worth keeping; the name is.
if (form.username.value === '') form.username.focus()
else form.password.focus()
