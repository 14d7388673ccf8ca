package proxy

import (
	"errors"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// Receivers are the webhooks of a server file, each of which is told what it wants to know.
func Receivers(server *config.Server) ([]*webhook.Receiver, error) {
	var all []*webhook.Receiver
	var faults error
	for i := range server.Webhooks {
		hook := &server.Webhooks[i]
		options := webhook.ReceiverOptions{
			Name: hook.ID(), URL: hook.URL, Events: hook.Events, Scopes: hook.Scopes, SecretFile: hook.SecretFile,
			Concurrency: hook.Concurrency, Private: hook.Private,
		}
		if r := hook.Request; r != nil {
			options.Request = &webhook.Request{Method: r.Method, Headers: r.Headers, Body: r.Body, ContentType: r.ContentType}
		}
		one, err := webhook.NewReceiver(options)
		faults = errors.Join(faults, err)
		all = append(all, one)
	}
	return all, faults
}
