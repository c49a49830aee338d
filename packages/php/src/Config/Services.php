<?php

namespace Isthmus\Config;

use CodeIgniter\Config\BaseService;
use CodeIgniter\Exceptions\ConfigException;
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
        foreach (['hub' => 'https://auth.example.com', 'site' => 'shop'] as $key => $example) {
            if ($config->{$key} === '') {
                throw new ConfigException("Isthmus: $key is not set. Write isthmus.$key = \"$example\" into .env.");
            }
        }
        $store = $config->store === '' ? null : new $config->store();
        return new Verifier($config->hub, $config->site, $config->folder, $config->jwks ?: null, $config->mirror, $store);
    }
}
