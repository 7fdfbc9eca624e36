#!/bin/sh
# Renders the HTML of each language's notices to target/pictures/*.png, to be looked at. Needs Chromium, and fonts for
# Arabic, Chinese, Japanese and Korean (Debian: chromium fonts-noto-core fonts-noto-cjk).
set -eu
cd "$(dirname "$0")/.."
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
mkdir -p target/pictures
for html in src/test/resources/dev/postrider/notice/*.html; do
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=640,620 \
    --screenshot="target/pictures/$(basename "$html" .html).png" "file://$PWD/$html" 2>/dev/null
done
ls target/pictures
