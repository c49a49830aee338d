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

        /** As the framework does: whatever http_response_code() said before is overwritten. */
        public function send(): void
        {
            http_response_code($this->status);
            foreach ($this->headers as $name => $value) {
                header("$name: $value");
            }
            echo $this->body;
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

    function config(string $name): object
    {
        static $config;
        if ($name === 'App') {
            return (object) ['CSPEnabled' => false];
        }
        if ($config === null) {
            $config = new Isthmus\Config\Isthmus();
            [$config->hub, $config->site, $config->jwks] = [getenv('HUB'), getenv('SITE'), getenv('JWKS')];
            $config->mirror = getenv('MIRROR') ?: 'cookie';
        }
        return $config;
    }

    function service(string $name): object
    {
        static $response;
        return match ($name) {
            'response' => $response ??= new CodeIgniter\HTTP\Response(),
            'responsecache' => new class {
                public function setTtl(int $ttl): void
                {
                }
            },
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
        return '';
    }

    function log_message(string $level, string $message, array $context = []): void
    {
        error_log("$level: " . strtr($message, ['{message}' => $context['message'] ?? '']));
    }

    $request = new CodeIgniter\HTTP\IncomingRequest();
    if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/isthmus/backchannel-logout') {
        $controller = new Isthmus\Controllers\BackchannelLogout();
        $controller->initController($request, new CodeIgniter\HTTP\Response());
        $response = $controller->receive();
    } else {
        $filter = new Isthmus\Filters\Members();
        $arguments = isset($_GET['group']) ? [$_GET['group']] : null;
        $response = $filter->before($request, $arguments)
            ?? $filter->after($request, service('response')->setBody('For members.'), $arguments);
    }
    $response->send();
}
