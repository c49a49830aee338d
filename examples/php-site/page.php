<?php
/** @var Isthmus $isthmus */
/** @var array<string, mixed>|null $user */

$html = fn (mixed $text): string => htmlspecialchars((string) $text, ENT_QUOTES);
?>
<!doctype html>
<html lang="en" data-sid="<?= $html($user['sid'] ?? '') ?>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Desk</title>
<style>
  :root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: 0.4em 1em }
  .guests,
  .strangers,
  .failed,
  [data-drawn]:not([data-drawn="right"]) .members {
    display: none;
  }
  [data-isthmus="signed-out"] .guests,
  [data-access="denied"] .strangers,
  [data-isthmus="signed-in"][data-drawn="failed"] .failed {
    display: block;
  }
</style>
<script>
  const { dataset } = document.documentElement
  let wanted = dataset.sid
  function look({ status, stale, access, sid }) {
    if (stale || status === 'unknown') return
    dataset.access = access ?? ''
    wanted = access === 'granted' ? sid : ''
    dataset.drawn = wanted === dataset.sid ? 'right' : 'wrong'
  }
  function redraw() {
    if (dataset.drawn === 'right') sessionStorage.removeItem('redrawn')
    if (dataset.drawn !== 'wrong') return
    // Once for each session: where no cookie can be kept, the server is never told.
    if (sessionStorage.getItem('redrawn') === wanted) {
      dataset.drawn = 'failed'
      return
    }
    sessionStorage.setItem('redrawn', wanted)
    location.reload()
  }
  document.addEventListener('isthmus:change', ({ detail }) => look(detail))
  document.addEventListener('isthmus:change', redraw)
</script>
<script src="<?= $html($isthmus->hub) ?>/isthmus/client.js" data-mirror="cookie" data-link="eager" async></script>
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
<section class="failed">
<p>You are signed in, but this site's server could not be told.</p>
<button type="button" onclick="location.reload()">Try again</button>
</section>
<?php endif ?>
</body>
</html>
