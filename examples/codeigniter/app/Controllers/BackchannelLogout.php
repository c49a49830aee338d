<?php

namespace App\Controllers;

use CodeIgniter\Controller;
use CodeIgniter\HTTP\ResponseInterface;
use Isthmus\Refusal;
use Throwable;

/** Takes the hub's logout tokens: POST isthmus/backchannel-logout, exempt from CSRF protection. */
class BackchannelLogout extends Controller
{
    public function receive(): ResponseInterface
    {
        // First of all: its file holds the other classes too, and PSR-4 would look for each in a file of its own.
        $isthmus = service('isthmus');
        $token = $this->request->getPost('logout_token');
        try {
            if (!is_string($token)) {
                throw new Refusal('invalid-request', 'The form holds no logout_token.');
            }
            $this->end($isthmus->receiveLogout($token));
        } catch (Refusal $refusal) {
            // Without the hub's keys nothing is wrong with the token: the hub tries again.
            return $this->answer($refusal->reason === 'unreachable' ? 503 : 400, $refusal->reason, $refusal->getMessage());
        } catch (Throwable $failure) {
            log_message('error', 'isthmus: {message}', ['message' => $failure->getMessage()]);
            return $this->answer(500, 'internal', 'The end of the session could not be stored.');
        }
        return $this->response->setStatusCode(200)->setHeader('Cache-Control', 'no-store');
    }

    /**
     * Your own sessions end here, if you keep any: they were bound to the hub's by its sid.
     *
     * @param array{sid: ?string, sub: ?string} $ended where sid is null, all sessions of sub
     */
    protected function end(array $ended): void
    {
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
