<?php

namespace Isthmus;

use Isthmus\Controllers\BackchannelLogout;

/**
 * The hub's server posts a form and has no token of this application: with CSRF protection every logout would get 403,
 * and the ended session would be believed until its token runs out.
 */
final class Csrf
{
    /** Exempts the address of logouts where the filter "csrf" is a global one; a registrar could only replace the whole list. */
    public static function exempt(object $filters): void
    {
        $before = [];
        foreach ($filters->globals['before'] ?? [] as $key => $value) {
            if ($value === 'csrf') {
                $before['csrf'] = ['except' => [BackchannelLogout::PATH]];
            } elseif ($key === 'csrf') {
                $before['csrf'] = ['except' => [...(array) ($value['except'] ?? []), BackchannelLogout::PATH]] + (array) $value;
            } elseif (is_int($key)) {
                $before[] = $value;
            } else {
                $before[$key] = $value;
            }
        }
        $filters->globals['before'] = $before;
    }
}
