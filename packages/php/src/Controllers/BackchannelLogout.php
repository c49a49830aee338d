<?php

namespace Isthmus\Controllers;

use CodeIgniter\Controller;
use CodeIgniter\Events\Events;
use CodeIgniter\HTTP\ResponseInterface;
use Isthmus\Refusal;
use Throwable;

/**
 * Takes the hub's logout tokens. End your own sessions by `Events::on('isthmus_logout', …)`: the handler gets
 * `['sid' => …, 'sub' => …]`, and where sid is null all sessions of sub ended. If it throws, the hub tries again.
 */
class BackchannelLogout extends Controller
{
    /** The backchannelLogoutUri of this site, below its base address. */
    public const PATH = 'isthmus/backchannel-logout';

    public function receive(): ResponseInterface
    {
        try {
            $token = $this->request->getPost('logout_token');
            if (!is_string($token)) {
                throw new Refusal('invalid-request', 'The form holds no logout_token.');
            }
            service('isthmus')->receiveLogout($token, static fn (array $ended) => Events::trigger('isthmus_logout', $ended));
        } catch (Refusal $refusal) {
            // Without the hub's keys nothing is wrong with the token: the hub tries again.
            return $this->answer($refusal->reason === 'unreachable' ? 503 : 400, $refusal->reason, $refusal->getMessage());
        } catch (Throwable $failure) {
            log_message('error', 'isthmus: {message}', ['message' => $failure->getMessage()]);
            return $this->answer(500, 'internal', 'The end of the session could not be stored.');
        }
        return $this->response->setStatusCode(200)->setHeader('Cache-Control', 'no-store');
    }

    /** By the framework's Response: CodeIgniter overwrites what http_response_code() said, and 200 would end nothing. */
    private function answer(int $status, string $code, string $sentence): ResponseInterface
    {
        return $this->response->setStatusCode($status)->setHeader('Cache-Control', 'no-store')->setJSON([
            'error' => 'invalid_request',
            'error_description' => $sentence,
            'code' => $code,
        ]);
    }
}
