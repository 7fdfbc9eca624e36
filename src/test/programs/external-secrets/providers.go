// Package register takes the place of external-secrets' own: of its providers only the one that needs no other machine.
package register

import _ "github.com/external-secrets/external-secrets/pkg/provider/fake"
