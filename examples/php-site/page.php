<?php
/** @var Isthmus $isthmus */
/** @var array<string, mixed>|null $user */

$html = fn (mixed $text): string => htmlspecialchars((string) $text, ENT_QUOTES);
?>
<!doctype html>
<html lang="en" data-isthmus="<?= $user ? 'signed-in' : 'unknown' ?>" data-sid="<?= $html($user['sid'] ?? '') ?>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Desk</title>
<style>
  :root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: 0.4em 1em }
  .members, .guests, .strangers { display: none }
  [data-isthmus='signed-in'] .members,
  [data-isthmus='signed-out'] .guests,
  [data-isthmus='signed-in'][data-access='denied'] .strangers { display: block }
</style>
<script>
  const { dataset } = document.documentElement
  const drawnFor = dataset.sid
  document.addEventListener('isthmus:change', ({ detail: now }) => {
    dataset.access = now.access ?? ''
    if (now.stale || now.status === 'unknown') return
    const sid = now.access === 'granted' ? now.sid : ''
    if (sid === drawnFor) return sessionStorage.removeItem('drawn-for')
    // Once for each session: where no cookie can be kept, the server never knows.
    if (sessionStorage.getItem('drawn-for') === sid) return
    sessionStorage.setItem('drawn-for', sid)
    location.reload()
  })
</script>
<script src="<?= $html($isthmus->hub) ?>/isthmus/client.js" data-mirror="cookie" async></script>
</head>
<body>
<h1>Desk</h1>
<?php if ($user): ?>
<section class="members">
<p>Signed in as <b id="name"><?= $html($user['name'] ?? $user['sub']) ?></b>.</p>
<?php if (getenv('SHOP')): ?>
<p><a id="assist" href="<?= $html(getenv('SHOP')) ?>" data-isthmus-transfer>Assist a customer in the shop</a></p>
<?php endif ?>
<button type="button" onclick="isthmus.signOut()">Sign out</button>
</section>
<?php else: ?>
<section class="guests">
<p>Nobody is signed in.</p>
<button type="button" onclick="isthmus.signIn()">Sign in</button>
</section>
<section class="strangers">
<p>Your account is not admitted here.</p>
<button type="button" onclick="isthmus.signOut()">Sign out everywhere</button>
</section>
<?php endif ?>
</body>
</html>
