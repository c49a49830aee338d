<?php

namespace App\Filters;

use CodeIgniter\Filters\FilterInterface;
use CodeIgniter\HTTP\RequestInterface;
use CodeIgniter\HTTP\ResponseInterface;

/**
 * Lets members in, with "members:staff" only those of a group. Others get 401 and a page that carries the hub's script:
 * a redirect to the login would come back to here for as long as the browser keeps no cookie, and so for ever.
 */
class Members implements FilterInterface
{
    public function before(RequestInterface $request, $arguments = null)
    {
        $user = service('isthmus')->user();
        if ($user === null) {
            return self::refuse(401, 'isthmus/sign_in');
        }
        $groups = $arguments ?? [];
        if ($groups !== [] && array_intersect($groups, $user['groups']) === []) {
            return self::refuse(403, 'isthmus/not_admitted');
        }
        return null;
    }

    /** One user's page is nobody else's: neither a proxy nor CodeIgniter's page cache may keep it. */
    public function after(RequestInterface $request, ResponseInterface $response, $arguments = null)
    {
        return $response->setHeader('Cache-Control', 'private, no-cache')->appendHeader('Vary', 'Cookie');
    }

    private static function refuse(int $status, string $view): ResponseInterface
    {
        $body = view($view, ['hub' => config('Isthmus')->hub, 'mirror' => config('Isthmus')->mirror]);
        return service('response')->setStatusCode($status)->setHeader('Cache-Control', 'private, no-cache')->setBody($body);
    }
}
