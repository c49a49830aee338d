<?php

declare(strict_types=1);

use Isthmus\Isthmus;
use Isthmus\Refusal;

require __DIR__ . '/../../packages/php/src/Isthmus.php';

$isthmus = new Isthmus(
    hub: getenv('HUB') ?: 'http://auth.localhost:4000',
    site: getenv('SITE') ?: 'desk',
    folder: getenv('DATA') ?: __DIR__ . '/.data',
    jwks: getenv('JWKS') ?: null,
    mirror: getenv('MIRROR') ?: 'cookie',
);

switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case '/':
        $user = $isthmus->user();
        header('Cache-Control: private, no-cache');
        require __DIR__ . '/page.php';
        break;

    case '/members':
        $user = $isthmus->user();
        header('Content-Type: text/plain; charset=utf-8');
        header('Cache-Control: private, no-cache');
        http_response_code($user ? 200 : 401);
        echo $user ? "For members: {$user['sub']}\n" : "Nobody whom this site knows.\n";
        break;

    case '/isthmus/backchannel-logout':
        header('Cache-Control: no-store');
        try {
            $token = $_POST['logout_token'] ?? null;
            if (!is_string($token)) {
                throw new Refusal('invalid-request', 'The form holds no logout_token.');
            }
            $isthmus->receiveLogout($token);
        } catch (Throwable $failure) {
            if (!$failure instanceof Refusal) {
                error_log("isthmus: {$failure->getMessage()}");
                $failure = new Refusal('internal', 'The end of the session could not be stored.');
            }
            // Without the hub's keys nothing is wrong with the token: the hub tries again.
            http_response_code(['unreachable' => 503, 'internal' => 500][$failure->reason] ?? 400);
            header('Content-Type: application/json');
            $answer = ['error' => 'invalid_request', 'error_description' => $failure->getMessage()];
            echo json_encode($answer + ['code' => $failure->reason]);
        }
        break;

    default:
        http_response_code(404);
}
