<?php

declare(strict_types=1);

namespace Isthmus\Laravel;

use Closure;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Routing\ResponseFactory;
use Illuminate\Http\Request;
use Isthmus\Isthmus;
use Symfony\Component\HttpFoundation\Response;

/**
 * Lets members in, with "members:staff" only those of a group; the user is `$request->attributes->get('isthmus')`. Others get
 * 401 and a page that carries the hub's script: a redirect to the login would come back to here for as long as the browser
 * keeps no cookie, and so for ever.
 */
class Members
{
    public function __construct(
        private Isthmus $isthmus,
        private ResponseFactory $responses,
        private Repository $config,
    ) {
    }

    public function handle(Request $request, Closure $next, string ...$groups): Response
    {
        $user = $this->isthmus->user($request->server->all());
        $request->attributes->set('isthmus', $user);
        if ($user === null) {
            $values = ['hub' => $this->isthmus->hub, 'mirror' => $this->config->get('services.isthmus.mirror', 'cookie')];
            return self::private($this->responses->view('isthmus::sign_in', $values + ['nonce' => ''], 401));
        }
        if ($groups !== [] && array_intersect($groups, $user['groups']) === []) {
            return self::private($this->responses->view('isthmus::not_admitted', [], 403));
        }
        return self::private($next($request));
    }

    /** One user's page is nobody else's. "no-store" would have browsers load it anew at every step back. */
    private static function private(Response $response): Response
    {
        $response->headers->set('Cache-Control', 'private, no-cache');
        $response->setVary('Cookie', false);
        return $response;
    }
}
