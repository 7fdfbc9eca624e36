// Package register takes the place of external-secrets' own: no generators, which need the providers left out.
package register
