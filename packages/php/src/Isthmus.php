<?php

declare(strict_types=1);

namespace Isthmus;

use RuntimeException;
use Throwable;

/** Why a token is not believed: a short code, and a sentence for the log. */
final class Refusal extends RuntimeException
{
    public function __construct(public readonly string $reason, string $sentence)
    {
        parent::__construct($sentence);
    }
}

/**
 * What ended, until it may be forgotten. Times are seconds since the epoch. One machine keeps it in a folder
 * ({@see FileStore}); several share a database or Redis. A store that cannot be asked throws: then nobody is let in.
 */
interface Store
{
    /** When it ended; null if nothing is known of it. */
    public function get(string $key): ?int;

    public function put(string $key, int $at, int $until): void;

    /** As put, if there is nothing; whether there was nothing. One atomic step: of many at once one is told true. */
    public function add(string $key, int $at, int $until): bool;

    public function delete(string $key): void;
}

/**
 * Who is signed in, for a site of an Isthmus hub: verifies the site token of a request, and receives the hub's
 * back-channel logout. Needs PHP 8.1 with the extension openssl, and a folder that only this site can write to.
 *
 * Classes of this file are loaded with it, so that one file is enough wherever it is put.
 */
final class Isthmus
{
    private const TOKEN_LIMIT = 8192;
    private const TOKEN_LIFETIME = 300;
    /** How far the clocks of hub and site may be apart, in seconds. */
    private const CLOCK_SKEW = 30;
    /** The hub's keys are read again after this long; for an unknown key, too, that often at most. */
    private const KEYS_FRESH = 30;
    /** While the hub cannot be reached, those that were read last open tokens for this long. */
    private const KEYS_STALE = 600;
    private const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

    private string $jwks;
    private Store $store;
    private Files $files;
    private ?Refusal $refusal = null;

    /**
     * @param string $hub exact origin of the auth domain: "https://auth.example.com"
     * @param string $site the id under which the hub knows this site
     * @param string $folder where keys and ended sessions are kept; not below the document root
     * @param string|null $jwks where the keys are fetched, if not at the hub's public origin: https, or http on loopback
     * @param string $mirror which cookie is believed, as the pages are told: "cookie" or "endpoint"; the other never is
     * @param Store|null $store where ended sessions are remembered, if this site has several machines
     */
    public function __construct(
        public readonly string $hub,
        private string $site,
        private string $folder,
        ?string $jwks = null,
        private string $mirror = 'cookie',
        ?Store $store = null,
    ) {
        $this->jwks = $jwks ?? "$hub/.well-known/jwks.json";
        if (!preg_match('~^(https://|http://(localhost|[\w.-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/])~', $this->jwks)) {
            throw new RuntimeException("The keys are fetched by https, or from loopback, not from $this->jwks.");
        }
        if ($mirror !== 'cookie' && $mirror !== 'endpoint') {
            throw new RuntimeException("mirror is \"cookie\" or \"endpoint\", not \"$mirror\".");
        }
        $this->files = new Files($folder);
        $this->store = $store ?? new FileStore($this->files);
    }

    /**
     * The user of this request: sub, the claims of this site, groups, sid, exp. Null if no good token came along; why, says
     * {@see refusal()}. What the operator has to know is logged.
     *
     * @param array<string, mixed>|null $server headers as in $_SERVER, where one process answers many requests
     * @return array<string, mixed>|null
     */
    public function user(?array $server = null): ?array
    {
        $this->refusal = null;
        try {
            return $this->verify($this->tokenOf($server ?? $_SERVER));
        } catch (Refusal $refusal) {
            $this->refusal = $refusal;
        } catch (Throwable $failure) {
            // A store that fails is no reason to let anybody in, nor to show visitors an error.
            $this->refusal = new Refusal('internal', $failure->getMessage());
        }
        if (in_array($this->refusal->reason, ['internal', 'unreachable', 'token-ambiguous'], true)) {
            error_log("isthmus: {$this->refusal->reason}: {$this->refusal->getMessage()}");
        }
        return null;
    }

    /** Why the last {@see user()} was null. */
    public function refusal(): ?Refusal
    {
        return $this->refusal;
    }

    /**
     * Puts the store to the test: remembers something, and forgets it.
     *
     * @throws Throwable if it fails, or forgets by itself
     */
    public function rememberNothing(): void
    {
        $key = 'check/' . bin2hex(random_bytes(8));
        if (!$this->store->add($key, time(), time() + 60) || $this->store->get($key) === null) {
            throw new RuntimeException('The store forgets what it is told: is it a cache that does nothing?');
        }
        $this->store->delete($key);
    }

    /**
     * Reads the hub's keys, now.
     *
     * @throws Refusal "unreachable"
     */
    public function fetchKeys(): void
    {
        $known = $this->refreshKeys($this->keys()['triedAt']);
        if ($known['readAt'] < $known['triedAt']) {
            throw new Refusal('unreachable', "The keys of the hub cannot be had from $this->jwks.");
        }
    }

    /** `Authorization: Bearer`, which a program wrote on purpose, else the one cookie of the site's mirror. */
    private function tokenOf(array $server): string
    {
        $authorization = $server['HTTP_AUTHORIZATION'] ?? $server['REDIRECT_HTTP_AUTHORIZATION'] ?? '';
        if (preg_match('/^bearer +(\S+)$/i', $authorization, $bearer)) {
            return $bearer[1];
        }
        $name = $this->mirror === 'endpoint' ? '__Host-isthmus_token' : 'isthmus_token';
        $tokens = self::cookies($server['HTTP_COOKIE'] ?? '', $name);
        return match (count($tokens)) {
            0 => throw new Refusal('token-missing', 'The request carries no token.'),
            1 => $tokens[0],
            // A neighbour's, planted for a longer path or for the parent domain, stands beside the site's own.
            default => throw new Refusal('token-ambiguous', 'The request carries two different tokens in one cookie.'),
        };
    }

    /**
     * @return array<string, mixed> the claims of a good site token
     * @throws Refusal
     */
    public function verify(string $token): array
    {
        $claims = $this->open($token, 'JWT');
        if (!is_string($claims['sub'] ?? null) || !is_string($claims['sid'] ?? null)) {
            throw new Refusal('token-malformed', 'The token names no user or no session.');
        }
        // An ended session is remembered for one token's life, so none may live longer.
        if ($claims['exp'] - $claims['iat'] > self::TOKEN_LIFETIME) {
            throw new Refusal('token-malformed', 'The token lives longer than a site token may.');
        }
        $ofUser = $this->store->get("sub/{$claims['sub']}") ?? -1;
        if ($this->store->get("sid/{$claims['sid']}") !== null || $claims['iat'] <= $ofUser) {
            throw new Refusal('token-revoked', 'The session of the token is over.');
        }
        return $claims + ['groups' => []];
    }

    /**
     * Takes a logout token (OpenID Connect Back-Channel Logout 1.0): from now on no token of its session is believed.
     * What is given back ends your own session of it: where sid is null, all of the user's. `$then` gets the same, and runs
     * once, however many copies of the token come at once; if it throws, the token counts as not received.
     *
     * @param (callable(array{sid: ?string, sub: ?string}): mixed)|null $then
     * @return array{sid: ?string, sub: ?string}
     * @throws Refusal answer 400, or 503 if its reason is "unreachable"
     * @throws Throwable if the store fails: answer 500, and the hub tries again
     */
    public function receiveLogout(string $logoutToken, ?callable $then = null): array
    {
        $claims = $this->open($logoutToken, 'logout+jwt');
        if (array_key_exists('nonce', $claims)) {
            throw new Refusal('logout-with-nonce', 'A logout token must not carry a nonce.');
        }
        $event = is_array($claims['events'] ?? null) ? $claims['events'][self::LOGOUT_EVENT] ?? null : null;
        // An empty JSON object is an empty array here.
        if (!is_array($event)) {
            throw new Refusal('logout-without-event', 'The token does not say that a session ended.');
        }
        if (!is_string($claims['jti'] ?? null)) {
            throw new Refusal('token-malformed', 'The token has no jti.');
        }
        $key = match (true) {
            is_string($claims['sid'] ?? null) => "sid/{$claims['sid']}",
            is_string($claims['sub'] ?? null) => "sub/{$claims['sub']}",
            default => throw new Refusal('logout-without-subject', 'The token names neither session nor user.'),
        };
        $name = fn (string $claim): ?string => is_string($claims[$claim] ?? null) ? $claims[$claim] : null;
        $ended = ['sid' => $name('sid'), 'sub' => $name('sub')];
        if (!$this->store->add("jti/{$claims['jti']}", $claims['iat'], $claims['exp'])) {
            throw new Refusal('logout-replayed', 'The logout token was received before.');
        }
        try {
            // No token that is still taken, by whichever clock, may outlive the memory of its end.
            $at = max($claims['iat'], $this->store->get($key) ?? 0);
            $this->store->put($key, $at, time() + self::TOKEN_LIFETIME + self::CLOCK_SKEW);
            if ($this->store->get($key) === null) {
                throw new RuntimeException('The store forgets what it is told: is it a cache that does nothing?');
            }
            if ($then !== null) {
                $then($ended);
            }
        } catch (Throwable $failure) {
            $this->store->delete("jti/{$claims['jti']}");
            throw $failure;
        }
        return $ended;
    }

    /**
     * What all tokens of the hub have in common. Nothing of a token is believed before its signature is checked.
     *
     * @return array<string, mixed> the claims
     */
    private function open(string $token, string $typ): array
    {
        if (strlen($token) > self::TOKEN_LIMIT) {
            throw new Refusal('token-too-long', 'The token is longer than any that a hub issues.');
        }
        if (!preg_match('/^([\w-]+)\.([\w-]+)\.([\w-]*)$/D', $token, $parts)) {
            throw new Refusal('token-malformed', 'This is no signed token.');
        }
        $header = self::json(self::bytes($parts[1]));
        // One algorithm, whatever the token asks for: "none", or HS256 with the public key, is how tokens are forged.
        if (($header['alg'] ?? null) !== 'ES256') {
            throw new Refusal('token-wrong-algorithm', 'The token is not signed with ES256.');
        }
        if (isset($header['crit']) || !is_string($header['kid'] ?? null)) {
            throw new Refusal('token-malformed', 'The header names no key, or asks for what is not known here.');
        }
        $signature = self::derSignature(self::bytes($parts[3]));
        $key = $this->key($header['kid']);
        if ($signature === null || openssl_verify("$parts[1].$parts[2]", $signature, $key, OPENSSL_ALGO_SHA256) !== 1) {
            throw new Refusal('token-bad-signature', 'The signature does not belong to the token.');
        }
        $claims = self::json(self::bytes($parts[2]));
        if (!is_string($header['typ'] ?? null) || strtolower($header['typ']) !== strtolower($typ)) {
            throw new Refusal('token-wrong-type', 'The token was issued for another purpose.');
        }
        if (($claims['iss'] ?? null) !== $this->hub) {
            throw new Refusal('token-wrong-issuer', 'The token was issued by another hub.');
        }
        if (!in_array($this->site, (array) ($claims['aud'] ?? []), true)) {
            throw new Refusal('token-wrong-audience', 'The token was issued for another site.');
        }
        if (!is_int($claims['iat'] ?? null) || !is_int($claims['exp'] ?? null)) {
            throw new Refusal('token-malformed', 'The token does not say when it is good.');
        }
        if ($claims['exp'] <= time()) {
            throw new Refusal('token-expired', 'The token is older than it may be.');
        }
        if ($claims['iat'] > time() + self::CLOCK_SKEW) {
            throw new Refusal('token-not-yet-valid', 'The token is from the future.');
        }
        return $claims;
    }

    /** The public key of this name, PEM. */
    private function key(string $kid): string
    {
        $known = $this->keys();
        // Whoever forges names of keys makes nobody fetch: within the cooldown an unknown one stays unknown.
        if (time() - $known['readAt'] >= self::KEYS_FRESH) {
            $known = $this->refreshKeys($known['triedAt']);
        }
        if ($known['keys'] === [] || time() - $known['readAt'] >= self::KEYS_STALE) {
            throw new Refusal('unreachable', "The keys of the hub cannot be had from $this->jwks.");
        }
        return $known['keys'][$kid] ?? throw new Refusal('token-unknown-key', 'The hub publishes no such key.');
    }

    /** @return array{readAt: int, triedAt: int, keys: array<string, string>} */
    private function keys(): array
    {
        return $this->files->read('keys.json') ?? ['readAt' => 0, 'triedAt' => 0, 'keys' => []];
    }

    /** Fetches the keys; of many processes at once one does, and the others wait for it. */
    private function refreshKeys(int $triedBefore): array
    {
        return $this->files->locked(function () use ($triedBefore): array {
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
            $this->files->write('keys.json', $known);
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
        return $bytes === false ? throw new Refusal('token-malformed', 'This is no signed token.') : $bytes;
    }

    /** @return array<string, mixed> */
    private static function json(string $text): array
    {
        $value = json_decode($text, true, 32);
        return is_array($value) ? $value : throw new Refusal('token-malformed', 'This is no signed token.');
    }

    /**
     * The different values of a name. From the header itself: PHP rewrites the names in $_COOKIE, and a forged one could
     * become "__Host-…" that way.
     *
     * @return list<string>
     */
    private static function cookies(string $header, string $name): array
    {
        $values = [];
        foreach (explode(';', $header) as $pair) {
            [$key, $value] = explode('=', trim($pair), 2) + [1 => ''];
            if ($key === $name && $value !== '') {
                $values[$value] = true;
            }
        }
        return array_map('strval', array_keys($values));
    }
}

/** {@see Store} in a folder, for the processes of one machine. */
final class FileStore implements Store
{
    public function __construct(private Files $files)
    {
    }

    public function get(string $key): ?int
    {
        $entry = $this->entries()[$key] ?? null;
        return $entry !== null && $entry['until'] > time() ? $entry['at'] : null;
    }

    public function put(string $key, int $at, int $until): void
    {
        $this->change(fn (array $entries): array => [$key => ['at' => $at, 'until' => $until]] + $entries);
    }

    public function add(string $key, int $at, int $until): bool
    {
        $isNew = false;
        $this->change(function (array $entries) use ($key, $at, $until, &$isNew): array {
            $isNew = !isset($entries[$key]);
            return $entries + [$key => ['at' => $at, 'until' => $until]];
        });
        return $isNew;
    }

    public function delete(string $key): void
    {
        $this->change(fn (array $entries): array => array_diff_key($entries, [$key => true]));
    }

    /** @return array<string, array{at: int, until: int}> */
    private function entries(): array
    {
        return $this->files->read('ended.json') ?? [];
    }

    private function change(callable $next): void
    {
        $this->files->locked(function () use ($next): void {
            $live = array_filter($this->entries(), fn (array $entry): bool => $entry['until'] > time());
            $this->files->write('ended.json', $next($live));
        });
    }
}

/** A folder that only this site can write to. It is made, for this user only, when something is to be written. */
final class Files
{
    public function __construct(private string $folder)
    {
    }

    public function read(string $file): ?array
    {
        $path = "$this->folder/$file";
        return is_file($path) ? json_decode(self::sure(@file_get_contents($path), $path), true, 32, JSON_THROW_ON_ERROR) : null;
    }

    /** Whole or not at all: whoever reads meanwhile sees the old file or the new one. */
    public function write(string $file, array $value): void
    {
        $path = "$this->folder/$file";
        $fresh = "$path." . bin2hex(random_bytes(8));
        self::sure(@file_put_contents($fresh, json_encode($value, JSON_THROW_ON_ERROR)), $fresh);
        self::sure(@rename($fresh, $path), $path);
    }

    public function locked(callable $act): mixed
    {
        if (!is_dir($this->folder) && !@mkdir($this->folder, 0700, true) && !is_dir($this->folder)) {
            self::sure(false, $this->folder);
        }
        $lock = self::sure(@fopen("$this->folder/lock", 'c'), "$this->folder/lock");
        flock($lock, LOCK_EX);
        try {
            return $act();
        } finally {
            fclose($lock);
        }
    }

    /** What a call gave, if it did not fail; the cure is the same for all of them. */
    private static function sure(mixed $result, string $path): mixed
    {
        return $result === false
            ? throw new RuntimeException("$path cannot be used: give its folder to the user that PHP runs as.")
            : $result;
    }
}
