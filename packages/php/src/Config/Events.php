<?php

use CodeIgniter\Events\Events;
use Isthmus\Csrf;

Events::on('pre_system', static function (): void {
    Csrf::exempt(config('Filters'));
});
