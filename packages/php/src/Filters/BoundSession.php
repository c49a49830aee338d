<?php

namespace Isthmus\Filters;

use CodeIgniter\Filters\FilterInterface;
use CodeIgniter\HTTP\RequestInterface;
use CodeIgniter\HTTP\ResponseInterface;

/**
 * Ends CodeIgniter's own session with the hub's: what it holds belongs to the user who was signed in. A session without
 * a user stays as it is until one signs in.
 */
class BoundSession implements FilterInterface
{
    private const KEY = 'isthmus_sid';

    /** A token that ran out, or keys that cannot be had, say nothing about the session: it is neither used up nor ended. */
    private const SAYS_NOTHING = ['token-expired', 'unreachable', 'internal'];

    public function before(RequestInterface $request, $arguments = null)
    {
        $isthmus = service('isthmus');
        $sid = $isthmus->user()['sid'] ?? null;
        $session = service('session');
        $bound = $session->get(self::KEY);
        if ($bound === $sid || ($sid === null && in_array($isthmus->refusal()?->reason, self::SAYS_NOTHING, true))) {
            return null;
        }
        if ($bound !== null) {
            // All of it: get() leaves out flash data and temporary data.
            $session->remove(array_keys($_SESSION));
        }
        // A new id for every change of user: nobody who knew the old one goes along.
        $session->regenerate(true);
        if ($sid !== null) {
            $session->set(self::KEY, $sid);
        }
        return null;
    }

    public function after(RequestInterface $request, ResponseInterface $response, $arguments = null)
    {
        return null;
    }
}
