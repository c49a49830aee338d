<?php

/**
 * A Laravel application with the module of packages/php, on the framework as Debian packages it (php-laravel-framework): its
 * kernel, its router, and the group "web" with sessions, encrypted cookies and CSRF protection, as a new application has it.
 */

declare(strict_types=1);

use Illuminate\Config\Repository;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as KernelContract;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Bootstrap;
use Illuminate\Foundation\Exceptions\Handler;
use Illuminate\Foundation\Http\Kernel;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Http\Request;
use Illuminate\Session\Middleware\StartSession;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Facades\Route;
use Isthmus\Laravel\IsthmusProvider;
use Isthmus\Laravel\SessionEnded;

// The framework is older than this PHP, and says so at every line.
error_reporting(E_ALL & ~E_DEPRECATED);

require 'Illuminate/autoload.php';
// As autoload.psr-4 in composer.json does.
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Isthmus\\')) {
        require __DIR__ . '/../../packages/php/src/' . str_replace('\\', '/', substr($class, 8)) . '.php';
    }
});

final class SiteKernel extends Kernel
{
    protected $bootstrappers = [Bootstrap\RegisterFacades::class, Bootstrap\RegisterProviders::class, Bootstrap\BootProviders::class];

    protected $middlewareGroups = ['web' => [EncryptCookies::class, StartSession::class, VerifyCsrfToken::class]];
}

$data = getenv('DATA');
foreach (['APP_SERVICES_CACHE', 'APP_PACKAGES_CACHE'] as $name) {
    $_ENV[$name] = "$data/$name.php";
}
$app = new Application($data);
$app->useStoragePath($data);
$app->singleton(KernelContract::class, SiteKernel::class);
$app->singleton(ExceptionHandler::class, Handler::class);
$app->instance('config', new Repository([
    'app' => [
        'key' => str_repeat('k', 32),
        'cipher' => 'AES-256-CBC',
        'locale' => 'en',
        'fallback_locale' => 'en',
        'providers' => [
            Illuminate\Cookie\CookieServiceProvider::class,
            Illuminate\Encryption\EncryptionServiceProvider::class,
            Illuminate\Filesystem\FilesystemServiceProvider::class,
            Illuminate\Foundation\Providers\FoundationServiceProvider::class,
            Illuminate\Session\SessionServiceProvider::class,
            Illuminate\Translation\TranslationServiceProvider::class,
            Illuminate\View\ViewServiceProvider::class,
            IsthmusProvider::class,
        ],
    ],
    'logging' => ['default' => 'errors', 'channels' => ['errors' => ['driver' => 'errorlog']]],
    'session' => [
        ...['driver' => 'array', 'cookie' => 'session', 'path' => '/', 'domain' => null, 'secure' => false],
        ...['lifetime' => 120, 'expire_on_close' => false, 'lottery' => [0, 1]],
    ],
    'view' => ['paths' => [], 'compiled' => $data],
    'services' => [
        'isthmus' => ['hub' => getenv('HUB'), 'site' => getenv('SITE'), 'jwks' => getenv('JWKS'), 'mirror' => getenv('MIRROR')],
    ],
]));

$app->booted(static function () use ($data): void {
    Route::middleware(['web', 'members'])->get('members', static function (Request $request) {
        return response("For members: {$request->attributes->get('isthmus')['sub']}\n", 200, ['Content-Type' => 'text/plain']);
    });
    Route::middleware(['web', 'members:staff'])->get('staff', static fn () => 'For staff');
    Route::middleware('web')->post('form', static fn () => 'Taken');
    Event::listen(SessionEnded::class, static function (SessionEnded $ended) use ($data): void {
        file_put_contents("$data/isthmus_logout", json_encode([$ended]) . "\n", FILE_APPEND);
    });
});

$kernel = $app->make(KernelContract::class);
$response = $kernel->handle($request = Request::capture())->send();
$kernel->terminate($request, $response);
