<?php

declare(strict_types=1);

namespace Isthmus\Laravel;

use Illuminate\Contracts\Foundation\Application;
use Illuminate\Routing\Router;
use Illuminate\Support\ServiceProvider;
use Isthmus\Isthmus;
use RuntimeException;

/**
 * For Laravel 8 and later: `Isthmus` to be injected, the middleware `members`, and the receiver of logouts. Its values stand
 * in config/services.php under `isthmus`: hub, site, and where they differ from the usual mirror, jwks, folder, store.
 */
class IsthmusProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(Isthmus::class, static function (Application $app): Isthmus {
            $config = $app['config']['services.isthmus'] ?? [];
            foreach (['hub' => 'https://auth.example.com', 'site' => 'shop'] as $key => $example) {
                if (($config[$key] ?? '') === '') {
                    throw new RuntimeException("Isthmus: services.isthmus.$key is not set: \"$example\" in config/services.php.");
                }
            }
            return new Isthmus(
                hub: $config['hub'],
                site: $config['site'],
                folder: $config['folder'] ?? $app->storagePath() . '/isthmus',
                jwks: $config['jwks'] ?? null,
                mirror: $config['mirror'] ?? 'cookie',
                store: isset($config['store']) ? $app->make($config['store']) : null,
            );
        });
    }

    public function boot(Router $router): void
    {
        $this->loadViewsFrom(__DIR__ . '/../Views', 'isthmus');
        $router->aliasMiddleware('members', Members::class);
        // In no group of middleware: CSRF protection, which is in "web", would answer 419 to every logout.
        $router->post('isthmus/backchannel-logout', BackchannelLogout::class);
    }
}
