<?php

declare(strict_types=1);

/**
 * A login page on the auth domain, for `isthmus serve` with `login.assertion`. Start it, and have your proxy lead /login to it:
 * HUB=https://auth.example.com ASSERTION_KEY=… php -S 127.0.0.1:8082 login.php
 */

require __DIR__ . '/assertion.php';

/** In place of your own check of the password; null: refused. */
function check(string $user, string $password): ?array
{
    $users = ['ann' => ['sub' => 'u-ann', 'claims' => ['name' => 'Ann'], 'groups' => ['customers', 'staff']]];
    return $password === 'demo' ? $users[$user] ?? null : null;
}

// Its form's Origin must be seen: "no-referrer" would hide it. Nobody frames a login page.
header('Referrer-Policy: same-origin');
header("Content-Security-Policy: default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
header('Cache-Control: no-store');

$pending = $_GET['isthmus'] ?? '';
$isWrong = false;
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $user = check($_POST['user'] ?? '', $_POST['password'] ?? '');
    if ($user !== null) {
        [$key, $hub] = [getenv('ASSERTION_KEY'), getenv('HUB')];
        $assertion = isthmus_assertion($key, $hub, $pending, $user['sub'], $user['claims'], $user['groups']);
        header('Location: /isthmus/assertion?assertion=' . $assertion, true, 303);
        exit;
    }
    http_response_code(401);
    $isWrong = true;
}
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign in</title>
<h1>Sign in</h1>
<?php if ($isWrong): ?>
<p>Name or password is wrong.</p>
<?php endif ?>
<form method="post">
<label>User <input name="user" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button>
</form>
</html>
