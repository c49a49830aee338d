<?php

/**
 * As much of CodeIgniter 4 as the module in packages/php touches, so that it can be run without the framework: names and
 * signatures are the framework's, what they do is the least that is needed. It shows that our code does what it says, not
 * that the framework does what we think.
 */

namespace CodeIgniter\HTTP {
    interface RequestInterface
    {
    }

    interface ResponseInterface
    {
    }

    class IncomingRequest implements RequestInterface
    {
        public function getPost(string $name): mixed
        {
            return $_POST[$name] ?? null;
        }
    }

    class Response implements ResponseInterface
    {
        private int $status = 200;
        private array $headers = [];
        private string $body = '';

        public function setStatusCode(int $status): static
        {
            $this->status = $status;
            return $this;
        }

        public function setHeader(string $name, string $value): static
        {
            $this->headers[$name] = $value;
            return $this;
        }

        public function removeHeader(string $name): static
        {
            unset($this->headers[$name]);
            return $this;
        }

        public function appendHeader(string $name, ?string $value): static
        {
            $this->headers[$name] = isset($this->headers[$name]) ? "{$this->headers[$name]}, $value" : $value;
            return $this;
        }

        public function setBody(string $body): static
        {
            $this->body = $body;
            return $this;
        }

        public function setJSON(array $body): static
        {
            return $this->setHeader('Content-Type', 'application/json')->setBody(json_encode($body));
        }

        public function getBody(): string
        {
            return $this->body;
        }

        public function getCSP(): ContentSecurityPolicy
        {
            return service('csp');
        }

        /** As the framework does: whatever http_response_code() said before is overwritten. */
        public function send(): void
        {
            if ($this->getCSP()->enabled()) {
                $this->getCSP()->finalize($this);
            }
            http_response_code($this->status);
            foreach ($this->headers as $name => $value) {
                header("$name: $value");
            }
            echo $this->body;
        }
    }
}

namespace CodeIgniter\HTTP {
    /** With the sources of a new application. From 4.7 browsers find "script-src-elem" in it, and look at no other for scripts. */
    class ContentSecurityPolicy
    {
        private array $directives = [
            'default-src' => ['self'],
            'script-src' => ['self'],
            'script-src-elem' => ['self'],
            'connect-src' => ['self'],
            'frame-src' => [],
        ];
        private ?string $scriptNonce = null;

        public function enabled(): bool
        {
            return config('App')->CSPEnabled;
        }

        public function getScriptNonce(): string
        {
            if ($this->scriptNonce === null) {
                $this->scriptNonce = base64_encode(random_bytes(12));
                $this->addScriptSrc("nonce-$this->scriptNonce");
            }
            return $this->scriptNonce;
        }

        public function addScriptSrc($uri, ?bool $explicitReporting = null)
        {
            return $this->add('script-src', $uri);
        }

        public function addScriptSrcElem(array|string $uri, ?bool $explicitReporting = null): static
        {
            return $this->add('script-src-elem', $uri);
        }

        public function addFrameSrc($uri, ?bool $explicitReporting = null)
        {
            return $this->add('frame-src', $uri);
        }

        public function addConnectSrc($uri, ?bool $explicitReporting = null)
        {
            return $this->add('connect-src', $uri);
        }

        public function finalize(ResponseInterface $response)
        {
            $policy = [];
            foreach (array_filter($this->directives) as $name => $sources) {
                $quoted = preg_replace('/^(self|nonce-.+)$/', "'$1'", array_unique($sources));
                $policy[] = "$name " . implode(' ', $quoted);
            }
            $response->setHeader('Content-Security-Policy', implode('; ', $policy));
        }

        private function add(string $directive, array|string $sources): static
        {
            array_push($this->directives[$directive], ...(array) $sources);
            return $this;
        }
    }
}

namespace CodeIgniter\Session {
    /** On PHP's own session, as the framework's is, whatever its handler. */
    class Session
    {
        public function start(): static
        {
            ini_set('session.use_strict_mode', '1');
            session_start(['name' => 'ci_session', 'save_path' => getenv('DATA')]);
            // What was flashed is there for one more request.
            foreach ($_SESSION['__ci_vars'] ?? [] as $key => $age) {
                if ($age === 'new') {
                    $_SESSION['__ci_vars'][$key] = 'old';
                } elseif ($age === 'old') {
                    unset($_SESSION[$key], $_SESSION['__ci_vars'][$key]);
                }
            }
            return $this;
        }

        /** Without a key: neither flash data nor temporary data is among what it gives. */
        public function get(?string $key = null)
        {
            return $key === null
                ? array_diff_key($_SESSION, $_SESSION['__ci_vars'] ?? [], ['__ci_vars' => true])
                : $_SESSION[$key] ?? null;
        }

        public function set($data, $value = null)
        {
            $_SESSION[$data] = $value;
        }

        public function remove($key)
        {
            foreach ((array) $key as $one) {
                unset($_SESSION[$one]);
            }
        }

        public function setFlashdata($data, $value = null)
        {
            $this->set($data, $value);
            $_SESSION['__ci_vars'][$data] = 'new';
        }

        public function setTempdata($data, $value = null, int $ttl = 300)
        {
            $this->set($data, $value);
            $_SESSION['__ci_vars'][$data] = time() + $ttl;
        }

        public function regenerate(bool $destroy = false)
        {
            $_SESSION['__ci_last_regenerate'] = time();
            session_regenerate_id($destroy);
        }
    }
}

namespace CodeIgniter\Cache {
    /** Keeps a page that called cachePage(), and answers with it before any filter of a route is asked. */
    class ResponseCache
    {
        private int $ttl = 0;

        public function setTtl(int $ttl): self
        {
            $this->ttl = $ttl;
            return $this;
        }

        public function make($request, $response): bool
        {
            return $this->ttl > 0 && file_put_contents(self::file(), $response->getBody()) !== false;
        }

        public function get($request, $response): mixed
        {
            return is_file(self::file()) ? $response->setBody(file_get_contents(self::file())) : null;
        }

        private static function file(): string
        {
            return getenv('DATA') . '/page' . md5($_SERVER['REQUEST_URI']);
        }
    }
}

namespace CodeIgniter\Router {
    class RouteCollection
    {
        private array $routes = [];

        public function loadRoutes(string $routesFile = ''): static
        {
            if (in_array('routes', config('Modules')->aliases, true)) {
                $routes = $this;
                require MODULE . '/Config/Routes.php';
            }
            return $this;
        }

        public function post(string $from, $to, ?array $options = null): static
        {
            $this->routes['POST'][$from] = $to;
            return $this;
        }

        public function getRoutes(?string $verb = null, bool $includeWildcard = true): array
        {
            return $this->routes[$verb] ?? [];
        }
    }
}

namespace CodeIgniter\Commands\Utilities\Routes {
    /** The filters of a path, from the three lists of Config\Filters. */
    final class FilterCollector
    {
        public function get(string $method, string $uri): array
        {
            $config = config('Filters');
            $before = $config->methods[$method] ?? [];
            foreach ($config->globals['before'] as $key => $value) {
                if (is_int($key)) {
                    $before[] = $value;
                } elseif (!in_array($uri, (array) ($value['except'] ?? []), true)) {
                    $before[] = $key;
                }
            }
            foreach ($config->filters as $name => $lists) {
                foreach ($lists['before'] ?? [] as $pattern) {
                    if (fnmatch($pattern, $uri)) {
                        $before[] = $name;
                    }
                }
            }
            return ['before' => $before, 'after' => []];
        }
    }
}

namespace CodeIgniter\CLI {
    abstract class BaseCommand
    {
        abstract public function run(array $params);
    }

    class CLI
    {
        private static bool $hasWritten = false;

        /** In no colour where the output is no terminal; below an empty line. */
        public static function write(string $text = '', ?string $foreground = null, ?string $background = null)
        {
            fwrite(STDOUT, (self::$hasWritten ? '' : PHP_EOL) . $text . PHP_EOL);
            self::$hasWritten = true;
        }
    }
}

namespace CodeIgniter {
    class Controller
    {
        protected $request;
        protected $response;

        public function initController($request, $response): void
        {
            $this->request = $request;
            $this->response = $response;
        }
    }
}

namespace CodeIgniter\Filters {
    interface FilterInterface
    {
        public function before(\CodeIgniter\HTTP\RequestInterface $request, $arguments = null);

        public function after(
            \CodeIgniter\HTTP\RequestInterface $request,
            \CodeIgniter\HTTP\ResponseInterface $response,
            $arguments = null,
        );
    }
}

namespace CodeIgniter\Events {
    class Events
    {
        public static function trigger(string $name, mixed ...$arguments): bool
        {
            file_put_contents(getenv('DATA') . "/$name", json_encode($arguments) . PHP_EOL, FILE_APPEND);
            return true;
        }
    }
}

namespace CodeIgniter\Exceptions {
    class ConfigException extends \RuntimeException
    {
    }
}

namespace CodeIgniter\Config {
    class BaseConfig
    {
    }

    class BaseService
    {
        private static array $shared = [];

        protected static function getSharedInstance(string $name): object
        {
            return self::$shared[$name] ??= static::$name(false);
        }
    }
}

namespace {
    define('WRITEPATH', getenv('DATA') . '/');
    // Config\Autoload: $psr4 = ['Isthmus' => APPPATH . 'Libraries/Isthmus'].
    const MODULE = __DIR__ . '/../../packages/php/src';
    spl_autoload_register(function (string $class): void {
        $path = MODULE . strtr(substr($class, strlen('Isthmus')), '\\', '/') . '.php';
        if (str_starts_with($class, 'Isthmus\\') && is_file($path)) {
            require $path;
        }
    });

    const EXIT_SUCCESS = 0;
    const EXIT_ERROR = 1;

    /** What an application sets; a test changes some of it by CONFIG. */
    function config(string $name): object
    {
        static $configs;
        if ($configs === null) {
            $isthmus = new Isthmus\Config\Isthmus();
            [$isthmus->hub, $isthmus->site, $isthmus->jwks] = [getenv('HUB'), getenv('SITE'), getenv('JWKS')];
            $isthmus->mirror = getenv('MIRROR') ?: 'cookie';
            $configs = [
                'Isthmus' => $isthmus,
                'App' => (object) [
                    'baseURL' => 'http://localhost/',
                    'CSPEnabled' => true,
                    'forceGlobalSecureRequests' => false,
                ],
                'Modules' => (object) ['aliases' => ['events', 'filters', 'registrars', 'routes', 'services']],
                'Filters' => (object) [
                    'globals' => ['before' => ['csrf'], 'after' => []],
                    'methods' => [],
                    'filters' => [],
                ],
            ];
            foreach (json_decode(getenv('CONFIG') ?: '{}', true) as $of => $values) {
                foreach ($values as $key => $value) {
                    $configs[$of]->{$key} = $value;
                }
            }
        }
        return $configs[$name];
    }

    function base_url(): string
    {
        $app = config('App');
        return $app->forceGlobalSecureRequests ? preg_replace('/^http:/', 'https:', $app->baseURL) : $app->baseURL;
    }

    function service(string $name): object
    {
        static $shared = [];
        return $shared[$name] ??= match ($name) {
            'response' => new CodeIgniter\HTTP\Response(),
            'csp' => new CodeIgniter\HTTP\ContentSecurityPolicy(),
            'session' => (new CodeIgniter\Session\Session())->start(),
            'responsecache' => new CodeIgniter\Cache\ResponseCache(),
            'routes' => new CodeIgniter\Router\RouteCollection(),
            default => Isthmus\Config\Services::$name(),
        };
    }

    function view(string $name, array $data): string
    {
        extract($data);
        ob_start();
        require MODULE . strtr(substr($name, strlen('Isthmus')), '\\', '/') . '.php';
        return ob_get_clean();
    }

    function esc(string $text, string $context = 'html'): string
    {
        return htmlspecialchars($text, ENT_QUOTES);
    }

    function csp_script_nonce(): string
    {
        return service('csp')->enabled() ? 'nonce="' . service('csp')->getScriptNonce() . '"' : '';
    }

    function log_message(string $level, string $message, array $context = []): void
    {
        error_log("$level: " . strtr($message, ['{message}' => $context['message'] ?? '']));
    }

    if (PHP_SAPI === 'cli') {
        exit((new Isthmus\Commands\Check())->run([]));
    }
    $request = new CodeIgniter\HTTP\IncomingRequest();
    $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    if ($path === '/isthmus/backchannel-logout') {
        $controller = new Isthmus\Controllers\BackchannelLogout();
        $controller->initController($request, service('response'));
        $response = $controller->receive();
    } elseif ($path === '/session') {
        (new Isthmus\Filters\BoundSession())->before($request);
        foreach (['set', 'setFlashdata', 'setTempdata'] as $how) {
            if (isset($_GET[$how])) {
                service('session')->{$how}($_GET[$how], 'of this user');
            }
        }
        $own = array_diff(array_keys($_SESSION), ['__ci_vars', '__ci_last_regenerate', 'isthmus_sid']);
        $response = service('response')->setJSON(['id' => session_id(), 'holds' => array_values($own)]);
    } else {
        $filter = new Isthmus\Filters\Members();
        $arguments = isset($_GET['group']) ? [$_GET['group']] : null;
        $response = service('responsecache')->get($request, service('response'));
        if ($response === null && ($response = $filter->before($request, $arguments)) === null) {
            // The controller of the page.
            if (isset($_GET['cachePage'])) {
                service('responsecache')->setTtl(60);
            }
            $response = service('response')->setBody('For members: ' . service('isthmus')->user()['sub']);
            $response = $filter->after($request, $response, $arguments);
            service('responsecache')->make($request, $response);
        }
    }
    $response->send();
}
