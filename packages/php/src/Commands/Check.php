<?php

namespace Isthmus\Commands;

use CodeIgniter\CLI\BaseCommand;
use CodeIgniter\CLI\CLI;
use CodeIgniter\Commands\Utilities\Routes\FilterCollector;
use Isthmus\Controllers\BackchannelLogout;
use Isthmus\Csrf;
use Throwable;

/** `php spark isthmus:check` looks for what would let ended sessions live on, or keep members out. */
class Check extends BaseCommand
{
    protected $group = 'Isthmus';
    protected $name = 'isthmus:check';
    protected $description = 'Says what is wrong with this site of an Isthmus hub, and the cure.';

    public function run(array $params)
    {
        $faults = 0;
        foreach ($this->checks() as $name => $check) {
            try {
                $fault = $check();
            } catch (Throwable $failure) {
                $fault = $failure->getMessage();
            }
            CLI::write($fault === null ? "✓ $name" : "✗ $name: $fault", $fault === null ? 'green' : 'red');
            $faults += $fault === null ? 0 : 1;
        }
        CLI::write($faults === 0 ? 'No fault was found.' : "$faults to mend.");
        return $faults === 0 ? EXIT_SUCCESS : EXIT_ERROR;
    }

    /** @return array<string, callable(): ?string> what is wrong, or null */
    private function checks(): array
    {
        $config = config('Isthmus');
        return [
            'hub and site are set' => static function (): ?string {
                service('isthmus');
                return null;
            },
            'what ended can be remembered' => static function (): ?string {
                service('isthmus')->rememberNothing();
                return null;
            },
            'the keys of the hub can be had' => static function (): ?string {
                service('isthmus')->fetchKeys();
                return null;
            },
            'the hub knows this site' => static fn (): ?string => self::registration($config->hub, $config->site),
            'logouts are taken' => static fn (): ?string => self::route(),
            'logouts are exempt from CSRF protection' => static fn (): ?string => self::protection(),
        ];
    }

    private static function registration(string $hub, string $site): ?string
    {
        $origin = preg_replace('~^(https?://[^/]+).*$~', '$1', base_url());
        $http = ['timeout' => 5, 'follow_location' => 0, 'ignore_errors' => true, 'header' => "Origin: $origin"];
        $text = @file_get_contents("$hub/.well-known/isthmus", false, stream_context_create(['http' => $http]));
        if ($text === false) {
            return parse_url($hub, PHP_URL_SCHEME) === 'http'
                ? null // In development: *.localhost does not resolve in PHP on stock Linux.
                : "$hub/.well-known/isthmus cannot be had: is the hub reachable from this machine?";
        }
        $known = json_decode($text, true)['site'] ?? null;
        return $known === $site ? null : sprintf(
            'app.baseURL is of the origin %s, which the hub knows as %s: add it to the origins of "%s", or set app.baseURL',
            $origin,
            $known === null ? 'no site' : "\"$known\"",
            $site,
        );
    }

    private static function route(): ?string
    {
        $routes = service('routes')->loadRoutes()->getRoutes('POST');
        if (!isset($routes[BackchannelLogout::PATH])) {
            return 'there is no route for POST ' . BackchannelLogout::PATH . ': add "routes" to Config\Modules::$aliases';
        }
        // Not base_url(): with forceGlobalSecureRequests it says https by itself.
        return config('App')->forceGlobalSecureRequests && !str_starts_with(config('App')->baseURL, 'https:')
            ? 'forceGlobalSecureRequests answers plain http with 307, and the hub follows no redirect: set an https app.baseURL'
            : null;
    }

    /** After the exemption that is made at the start of every request. */
    private static function protection(): ?string
    {
        Csrf::exempt(config('Filters'));
        $filters = (new FilterCollector())->get('POST', BackchannelLogout::PATH)['before'];
        return in_array('csrf', $filters, true)
            ? 'the hub would get 403. Take "csrf" out of $methods and $filters of Config\Filters, and name it in $globals'
            : null;
    }
}
