<?php

namespace Isthmus\Config;

use Isthmus\Filters\BoundSession;
use Isthmus\Filters\Members;

/** What CodeIgniter adds to the application's own configuration when it finds this namespace. */
class Registrar
{
    public static function Filters(): array
    {
        return ['aliases' => ['members' => Members::class, 'bound-session' => BoundSession::class]];
    }
}
