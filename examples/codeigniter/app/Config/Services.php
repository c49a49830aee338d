<?php

namespace Config;

use CodeIgniter\Config\BaseService;
use Isthmus\Isthmus as Verifier;

class Services extends BaseService
{
    /** service('isthmus'): who is signed in. */
    public static function isthmus(bool $getShared = true): Verifier
    {
        if ($getShared) {
            return static::getSharedInstance('isthmus');
        }
        $config = config('Isthmus');
        return new Verifier($config->hub, $config->site, $config->folder, $config->jwks ?: null, $config->mirror);
    }
}
