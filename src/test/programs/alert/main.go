// Command alert reads a configuration as Alertmanager does, and sends one alert to each of its receivers by mail with
// Alertmanager's own notifier:
//
//	alert FILE
//
// It prints what the configuration came to; secrets are hidden there.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/email"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/types"
	"github.com/prometheus/common/model"
)

func main() {
	if err := send(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send(file string) error {
	conf, err := config.LoadFile(file)
	if err != nil {
		return err
	}
	fmt.Println(conf)
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return err
	}
	tmpl.ExternalURL, _ = url.Parse("http://alertmanager.example")
	alert := &types.Alert{Alert: model.Alert{
		Labels:   model.LabelSet{"alertname": "DiskFull"},
		StartsAt: time.Now(),
		EndsAt:   time.Now().Add(time.Hour),
	}}
	ctx := notify.WithGroupKey(context.Background(), "one")
	ctx = notify.WithReceiverName(ctx, "mail")
	for _, receiver := range conf.Receivers {
		for _, mail := range receiver.EmailConfigs {
			if _, err := email.New(mail, tmpl, slog.Default()).Notify(ctx, alert); err != nil {
				return err
			}
		}
	}
	return nil
}
