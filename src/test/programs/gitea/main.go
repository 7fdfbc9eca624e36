// Command gitea reads its environment as Gitea does, and sends one mail with Gitea's own mailer:
//
//	gitea RECIPIENT SUBJECT
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gitea.dev/modules/setting"
	"gitea.dev/services/mailer/sender"
)

func main() {
	if err := send(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send(recipient, subject string) error {
	folder, err := os.MkdirTemp("", "gitea")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := configure(filepath.Join(folder, "app.ini")); err != nil {
		return err
	}
	if setting.MailService == nil {
		return fmt.Errorf("mail is not enabled")
	}
	message := sender.NewMessage(recipient, subject, "<p>text</p>")
	message.Date = time.Now()
	return sender.Send(&sender.SMTPSender{}, message)
}

// configure writes the variables to app.ini, as Gitea does at its start, and loads it.
func configure(file string) error {
	ini, err := setting.NewConfigProviderFromFile(file)
	if err != nil {
		return err
	}
	setting.EnvironmentToConfig(ini, os.Environ())
	if err := ini.SaveTo(file); err != nil {
		return err
	}
	setting.InitCfgProvider(file)
	setting.LoadSettingsForInstall()
	return nil
}
