<?php

declare(strict_types=1);

/**
 * What a login page hands to the hub after it has checked its user: a JWT, HS256, good for a minute and once.
 *
 * @param string $key shared with the hub, 32 bytes or more
 * @param string $hub origin of the hub: "https://auth.example.com"
 * @param string $pending what the hub gave to this page in the query "isthmus"
 */
function isthmus_assertion(string $key, string $hub, string $pending, string $sub, array $claims = [], array $groups = []): string
{
    $encode = fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    $body = [
        'aud' => $hub,
        'sub' => $sub,
        'claims' => (object) $claims,
        'groups' => $groups,
        'nonce' => $pending,
        'jti' => bin2hex(random_bytes(16)),
        'iat' => time(),
        'exp' => time() + 60,
    ];
    $text = $encode('{"alg":"HS256","typ":"JWT"}') . '.' . $encode(json_encode($body, JSON_THROW_ON_ERROR));
    return $text . '.' . $encode(hash_hmac('sha256', $text, $key, true));
}
