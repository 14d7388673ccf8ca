package proxy

import (
	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/ledger/stream"
	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// UnreadSecrets says of the files of secrets and certificates that those need who are told something which cannot be
// used as they are, each at its place in the server file. They are read when somebody is told.
func UnreadSecrets(loaded *config.Loaded) (found strict.Faults) {
	for i := range loaded.Server.Webhooks {
		hook := &loaded.Server.Webhooks[i]
		if err := hookSecret(hook); err != nil {
			says := "webhook " + hook.ID() + " cannot be told anything: " + err.Error()
			found = append(found, config.ServerFault(loaded, says, "webhooks", i, "secret_file"))
		}
	}
	for i := range loaded.Server.Ledger.Export {
		of := &loaded.Server.Ledger.Export[i]
		unsent := func(id string, err error, path ...any) {
			if err != nil {
				found = append(found, config.ExportFault(loaded, i, "no record is sent to "+id+": "+err.Error(), path...))
			}
		}
		if of.Syslog != nil {
			unsent(of.Syslog.ID(), CheckTrusted(of.Syslog.CA), "syslog", "ca")
		}
		if of.OTLP != nil {
			_, err := stream.ReadSecret(of.OTLP.SecretFile)
			unsent(of.OTLP.ID(), err, "otlp", "secret_file")
			unsent(of.OTLP.ID(), CheckTrusted(of.OTLP.CA), "otlp", "ca")
		}
	}
	return found
}

// hookSecret reads what a webhook signs with, or what its request names, and says why it cannot.
func hookSecret(hook *config.Webhook) (err error) {
	switch {
	case hook.Request == nil:
		_, err = webhook.ReadSecret(hook.SecretFile)
	case hook.SecretFile != "":
		_, err = webhook.ReadToken(hook.SecretFile)
	}
	return err
}
