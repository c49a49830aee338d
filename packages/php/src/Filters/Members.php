<?php

namespace Isthmus\Filters;

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
            return self::refuse(401, 'sign_in');
        }
        $groups = $arguments ?? [];
        if ($groups !== [] && array_intersect($groups, $user['groups']) === []) {
            return self::refuse(403, 'not_admitted');
        }
        return null;
    }

    /** One user's page is nobody else's: neither a proxy nor CodeIgniter's page cache may keep it. */
    public function after(RequestInterface $request, ResponseInterface $response, $arguments = null)
    {
        service('responsecache')->setTtl(0);
        return self::private(self::allowHub($response))->appendHeader('Vary', 'Cookie');
    }

    private static function refuse(int $status, string $view): ResponseInterface
    {
        $values = ['hub' => config('Isthmus')->hub, 'mirror' => config('Isthmus')->mirror, 'nonce' => csp_script_nonce()];
        $body = view("Isthmus\\Views\\$view", $values);
        $response = self::allowHub(service('response'));
        return self::private($response)->setStatusCode($status)->setBody($body);
    }

    /** In place of what CodeIgniter says by default: "no-store" would have browsers load pages anew at every step back. */
    private static function private(ResponseInterface $response): ResponseInterface
    {
        return $response->removeHeader('Cache-Control')->setHeader('Cache-Control', 'private, no-cache');
    }

    /** With Config\App::$CSPEnabled the page needs the hub's script, its frame, and the question what is wrong with it. */
    private static function allowHub(ResponseInterface $response): ResponseInterface
    {
        $policy = config('App')->CSPEnabled ? $response->getCSP() : null;
        if ($policy !== null) {
            $hub = config('Isthmus')->hub;
            $policy->addScriptSrc($hub);
            if (method_exists($policy, 'addScriptSrcElem')) {
                // CodeIgniter 4.7: browsers look there first, and the nonces of csp_script_nonce() do not stand there.
                $policy->addScriptSrcElem([$hub, 'nonce-' . $policy->getScriptNonce()]);
            }
            $policy->addFrameSrc($hub);
            $policy->addConnectSrc($hub);
        }
        return $response;
    }
}
