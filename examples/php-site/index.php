<?php

declare(strict_types=1);

require __DIR__ . '/Isthmus.php';

$isthmus = new Isthmus(
    hub: getenv('HUB') ?: 'http://auth.localhost:4000',
    site: getenv('SITE') ?: 'desk',
    folder: getenv('DATA') ?: __DIR__ . '/.data',
    jwks: getenv('JWKS') ?: null,
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
                throw new IsthmusRefusal('invalid-request', 'The form holds no logout_token.');
            }
            $isthmus->receiveLogout($token);
        } catch (IsthmusRefusal $refusal) {
            // Without the hub's keys nothing is wrong with the token: the hub tries again.
            http_response_code($refusal->reason === 'unreachable' ? 503 : 400);
            header('Content-Type: application/json');
            $answer = ['error' => 'invalid_request', 'error_description' => $refusal->getMessage()];
            echo json_encode($answer + ['code' => $refusal->reason]);
        }
        break;

    default:
        http_response_code(404);
}
