<?php

declare(strict_types=1);

/** Why a token is not believed: a short code, and a sentence for the log. */
final class IsthmusRefusal extends RuntimeException
{
    public function __construct(public readonly string $reason, string $sentence)
    {
        parent::__construct($sentence);
    }
}

/**
 * Who is signed in, for a site of an Isthmus hub: verifies the site token of a request, and receives the hub's
 * back-channel logout. Needs PHP 8.1 with the extension openssl, and a folder that only this site can write to.
 */
final class Isthmus
{
    private const TOKEN_LIMIT = 8192;
    private const TOKEN_LIFETIME = 300;
    /** How far the clocks of hub and site may be apart, in seconds. */
    private const CLOCK_SKEW = 30;
    /** The hub's keys are read again after ten minutes; for an unknown key, every thirty seconds at most. */
    private const KEYS_FRESH = 600;
    private const KEYS_COOLDOWN = 30;
    private const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

    private string $jwks;

    /**
     * @param string $hub exact origin of the auth domain: "https://auth.example.com"
     * @param string $site the id under which the hub knows this site
     * @param string $folder where keys and ended sessions are kept; not below the document root
     * @param string|null $jwks where the keys are fetched, if not at the hub's public origin
     */
    public function __construct(
        public readonly string $hub,
        private string $site,
        private string $folder,
        ?string $jwks = null,
    ) {
        $this->jwks = $jwks ?? "$hub/.well-known/jwks.json";
        if (!is_dir($folder) && !mkdir($folder, 0700, true) && !is_dir($folder)) {
            throw new RuntimeException("The folder $folder cannot be made.");
        }
    }

    /**
     * The user of this request: sub, the claims of this site, groups, sid, exp. Null if no good token came along.
     *
     * @return array<string, mixed>|null
     */
    public function user(): ?array
    {
        $token = self::cookie('__Host-isthmus_token') ?? self::cookie('isthmus_token');
        try {
            return $token === null ? null : $this->verify($token);
        } catch (IsthmusRefusal) {
            return null;
        }
    }

    /**
     * @return array<string, mixed> the claims of a good site token
     * @throws IsthmusRefusal
     */
    public function verify(string $token): array
    {
        $claims = $this->open($token, 'JWT');
        if (!is_string($claims['sub'] ?? null) || !is_string($claims['sid'] ?? null)) {
            throw new IsthmusRefusal('token-malformed', 'The token names no user or no session.');
        }
        // An ended session is remembered for one token's life, so none may live longer.
        if ($claims['exp'] - $claims['iat'] > self::TOKEN_LIFETIME) {
            throw new IsthmusRefusal('token-malformed', 'The token lives longer than a site token may.');
        }
        $ended = $this->ended();
        $ofUser = $ended["sub/{$claims['sub']}"]['at'] ?? -1;
        if (isset($ended["sid/{$claims['sid']}"]) || $claims['iat'] <= $ofUser) {
            throw new IsthmusRefusal('token-revoked', 'The session of the token is over.');
        }
        return $claims + ['groups' => []];
    }

    /**
     * Takes a logout token (OpenID Connect Back-Channel Logout 1.0): from now on no token of its session is believed.
     *
     * @throws IsthmusRefusal
     */
    public function receiveLogout(string $logoutToken): void
    {
        $claims = $this->open($logoutToken, 'logout+jwt');
        if (array_key_exists('nonce', $claims)) {
            throw new IsthmusRefusal('logout-with-nonce', 'A logout token must not carry a nonce.');
        }
        $event = is_array($claims['events'] ?? null) ? $claims['events'][self::LOGOUT_EVENT] ?? null : null;
        // An empty JSON object is an empty array here.
        if (!is_array($event)) {
            throw new IsthmusRefusal('logout-without-event', 'The token does not say that a session ended.');
        }
        if (!is_string($claims['jti'] ?? null)) {
            throw new IsthmusRefusal('token-malformed', 'The token has no jti.');
        }
        $key = match (true) {
            is_string($claims['sid'] ?? null) => "sid/{$claims['sid']}",
            is_string($claims['sub'] ?? null) => "sub/{$claims['sub']}",
            default => throw new IsthmusRefusal('logout-without-subject', 'The token names neither session nor user.'),
        };
        $this->locked(function () use ($claims, $key): void {
            $ended = $this->ended();
            if (isset($ended["jti/{$claims['jti']}"])) {
                throw new IsthmusRefusal('logout-replayed', 'The logout token was received before.');
            }
            // No token that is still taken, by whichever clock, may outlive the memory of its end.
            $until = time() + self::TOKEN_LIFETIME + self::CLOCK_SKEW;
            $ended[$key] = ['at' => max($claims['iat'], $ended[$key]['at'] ?? 0), 'until' => $until];
            $ended["jti/{$claims['jti']}"] = ['at' => $claims['iat'], 'until' => $claims['exp']];
            $this->write('ended.json', array_filter($ended, fn (array $entry): bool => $entry['until'] > time()));
        });
    }

    /**
     * What all tokens of the hub have in common. Nothing of a token is believed before its signature is checked.
     *
     * @return array<string, mixed> the claims
     */
    private function open(string $token, string $typ): array
    {
        if (strlen($token) > self::TOKEN_LIMIT) {
            throw new IsthmusRefusal('token-too-long', 'The token is longer than any that a hub issues.');
        }
        if (!preg_match('/^([\w-]+)\.([\w-]+)\.([\w-]*)$/D', $token, $parts)) {
            throw new IsthmusRefusal('token-malformed', 'This is no signed token.');
        }
        $header = self::json(self::bytes($parts[1]));
        // One algorithm, whatever the token asks for: "none", or HS256 with the public key, is how tokens are forged.
        if (($header['alg'] ?? null) !== 'ES256') {
            throw new IsthmusRefusal('token-wrong-algorithm', 'The token is not signed with ES256.');
        }
        if (isset($header['crit']) || !is_string($header['kid'] ?? null)) {
            throw new IsthmusRefusal('token-malformed', 'The header names no key, or asks for what is not known here.');
        }
        $signature = self::derSignature(self::bytes($parts[3]));
        $key = $this->key($header['kid']);
        if ($signature === null || openssl_verify("$parts[1].$parts[2]", $signature, $key, OPENSSL_ALGO_SHA256) !== 1) {
            throw new IsthmusRefusal('token-bad-signature', 'The signature does not belong to the token.');
        }
        $claims = self::json(self::bytes($parts[2]));
        if (!is_string($header['typ'] ?? null) || strtolower($header['typ']) !== strtolower($typ)) {
            throw new IsthmusRefusal('token-wrong-type', 'The token was issued for another purpose.');
        }
        if (($claims['iss'] ?? null) !== $this->hub) {
            throw new IsthmusRefusal('token-wrong-issuer', 'The token was issued by another hub.');
        }
        if (!in_array($this->site, (array) ($claims['aud'] ?? []), true)) {
            throw new IsthmusRefusal('token-wrong-audience', 'The token was issued for another site.');
        }
        if (!is_int($claims['iat'] ?? null) || !is_int($claims['exp'] ?? null)) {
            throw new IsthmusRefusal('token-malformed', 'The token does not say when it is good.');
        }
        if ($claims['exp'] <= time()) {
            throw new IsthmusRefusal('token-expired', 'The token is older than it may be.');
        }
        if ($claims['iat'] > time() + self::CLOCK_SKEW) {
            throw new IsthmusRefusal('token-not-yet-valid', 'The token is from the future.');
        }
        return $claims;
    }

    /** The public key of this name, PEM. */
    private function key(string $kid): string
    {
        $known = $this->keys();
        // Whoever forges names of keys makes nobody fetch: within the cooldown an unknown one stays unknown.
        $isUnknown = !isset($known['keys'][$kid]) && time() - $known['triedAt'] >= self::KEYS_COOLDOWN;
        if ($isUnknown || time() - $known['readAt'] >= self::KEYS_FRESH) {
            $known = $this->refreshKeys($known['triedAt']);
        }
        if ($known['keys'] === []) {
            throw new IsthmusRefusal('unreachable', "The keys of the hub cannot be had from $this->jwks.");
        }
        return $known['keys'][$kid] ?? throw new IsthmusRefusal('token-unknown-key', 'The hub publishes no such key.');
    }

    /** @return array{readAt: int, triedAt: int, keys: array<string, string>} */
    private function keys(): array
    {
        return $this->read('keys.json') ?? ['readAt' => 0, 'triedAt' => 0, 'keys' => []];
    }

    /** Fetches the keys; of many processes at once one does, and the others wait for it. */
    private function refreshKeys(int $triedBefore): array
    {
        return $this->locked(function () use ($triedBefore): array {
            $known = $this->keys();
            // A hub that is down is asked once a second, not once a request.
            if ($known['triedAt'] > $triedBefore || $known['triedAt'] === time()) {
                return $known;
            }
            $known['triedAt'] = time();
            $http = ['timeout' => 5, 'follow_location' => 0, 'header' => 'Accept: application/json'];
            $text = @file_get_contents($this->jwks, false, stream_context_create(['http' => $http]), 0, 65536);
            $set = $text === false ? null : json_decode($text, true);
            if (is_array($set['keys'] ?? null)) {
                $known = ['readAt' => time(), 'triedAt' => time(), 'keys' => []];
                foreach ($set['keys'] as $jwk) {
                    if (($jwk['kty'] ?? null) === 'EC' && ($jwk['crv'] ?? null) === 'P-256' && isset($jwk['kid'])) {
                        $known['keys'][$jwk['kid']] = self::pem($jwk);
                    }
                }
            }
            $this->write('keys.json', $known);
            return $known;
        });
    }

    /** A P-256 public key as SubjectPublicKeyInfo (RFC 5480): a fixed head, then the uncompressed point. */
    private static function pem(array $jwk): string
    {
        $head = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200');
        $der = $head . "\x04" . self::bytes($jwk['x']) . self::bytes($jwk['y']);
        return "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($der), 64, "\n") . "-----END PUBLIC KEY-----\n";
    }

    /** JWS writes r and s side by side (RFC 7518 §3.4), OpenSSL wants a DER sequence of two integers. */
    private static function derSignature(string $raw): ?string
    {
        if (strlen($raw) !== 64) {
            return null;
        }
        $integers = array_map(function (string $number): string {
            $number = ltrim($number, "\0");
            // A first bit that is set would make it negative.
            $number = $number === '' || ord($number[0]) > 0x7f ? "\0$number" : $number;
            return "\x02" . chr(strlen($number)) . $number;
        }, str_split($raw, 32));
        $both = implode($integers);
        return "\x30" . chr(strlen($both)) . $both;
    }

    private static function bytes(string $base64url): string
    {
        $bytes = base64_decode(strtr($base64url, '-_', '+/'), true);
        return $bytes === false ? throw new IsthmusRefusal('token-malformed', 'This is no signed token.') : $bytes;
    }

    /** @return array<string, mixed> */
    private static function json(string $text): array
    {
        $value = json_decode($text, true, 32);
        return is_array($value) ? $value : throw new IsthmusRefusal('token-malformed', 'This is no signed token.');
    }

    /** From the header itself: PHP rewrites the names in $_COOKIE, and a forged one could become "__Host-…" that way. */
    private static function cookie(string $name): ?string
    {
        foreach (explode(';', $_SERVER['HTTP_COOKIE'] ?? '') as $pair) {
            [$key, $value] = explode('=', trim($pair), 2) + [1 => ''];
            if ($key === $name && $value !== '') {
                return $value;
            }
        }
        return null;
    }

    /** @return array<string, array{at: int, until: int}> what ended, by sid, sub and jti */
    private function ended(): array
    {
        return $this->read('ended.json') ?? [];
    }

    private function read(string $file): ?array
    {
        $path = "$this->folder/$file";
        return is_file($path) ? json_decode(file_get_contents($path), true, 32, JSON_THROW_ON_ERROR) : null;
    }

    /** Whole or not at all: whoever reads meanwhile sees the old file or the new one. */
    private function write(string $file, array $value): void
    {
        $fresh = tempnam($this->folder, $file);
        file_put_contents($fresh, json_encode($value, JSON_THROW_ON_ERROR));
        rename($fresh, "$this->folder/$file");
    }

    private function locked(callable $act): mixed
    {
        $lock = fopen("$this->folder/lock", 'c');
        flock($lock, LOCK_EX);
        try {
            return $act();
        } finally {
            fclose($lock);
        }
    }
}
