<?php
/** @var string $hub */
/** @var string $mirror */
/** @var string $nonce an attribute, or nothing */
$escape = static fn (string $text): string => htmlspecialchars($text, ENT_QUOTES);
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Please sign in</title>
<script src="<?= $escape($hub) ?>/isthmus/client.js" data-mirror="<?= $escape($mirror) ?>" async></script>
<h1>Please sign in</h1>
<button type="button">Sign in</button>
<script <?= $nonce ?>>
  document.querySelector('button').onclick = () => isthmus.signIn()
  // Signed in at the hub, and this server was not told yet: once it is, the page is drawn anew. Once, not for ever.
  document.addEventListener('<?= $mirror === 'endpoint' ? 'isthmus:mirrored' : 'isthmus:change' ?>', () => {
    const { status, stale, access, sid } = isthmus.current
    if (status !== 'signed-in' || stale || access !== 'granted' || sessionStorage.getItem('drawn') === sid) return
    sessionStorage.setItem('drawn', sid)
    location.reload()
  })
</script>
</html>
