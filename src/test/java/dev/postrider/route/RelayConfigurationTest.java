package dev.postrider.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("promises")
final class RelayConfigurationTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                              | {}
            delivery:                                       | {}
            {delivery: {retryAfter: [], giveUpAfter: ""}}   | {}
            {links: {scanner: ""}}                          | {}
            {hostName: a.example}                           | {"hostName":"a.example"}
            {links: {sharedHosts: [Links.Example]}}         | {}
            {queue: {limits: {messages: 2e+06}}}            | {}
            {received: {most: 7}, delivery: {giveUpAfter: 48h}, queue: {limits: {size: 1Gi}}} | {}
            {links: {enabled: true, s3: {endpoint: "https://s3", bucket: mail, secretName: k}}} | {"links":{"enabled":true,"s3":{"endpoint":"https://s3","bucket":"mail","secretName":"k"}}}
            """)
    void whatIsNotGivenIsTheDefaultAndOnlyOtherwiseThePodIsToldOfIt(String given, String atStart) {
        assertThat(RelayConfiguration.read(given).atStart()).hasToString(atStart);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {recieved: {}}                             | recieved is not known; allowed are hostName, allowPlaintextAuthentication, queue, links, received, delivery, visibility
            {received: {most: 0}}                      | received.most: 0 is not a whole number from 1 to 1000
            {received: {most: 1.5}}                    | received.most: 1.5 is not a whole number from 1 to 1000
            {received: {most: many}}                   | received.most: "many" is not a whole number from 1 to 1000
            {received: {clientAddress: 1}}             | received.clientAddress: 1 is neither true nor false
            {received: [1]}                            | received: [1] is not possible; write its settings below it, or {}
            {delivery: {giveUpAfter: 5 days}}          | delivery.giveUpAfter: "5 days" is no duration; write a whole number with ms, s, m or h, such as 15s
            {delivery: {retryAfter: 1m}}               | delivery.retryAfter: "1m" is not a list; write it in brackets, as [a, b]
            {delivery: {returnedMessage: 1MB}}         | delivery.returnedMessage: '1MB' is no size; allowed are octets, or Ki, Mi, Gi, Ti of them, as 500Mi
            {delivery: {longestServerRest: 1s}}        | delivery.longestServerRest: 1s is shorter than serverRest, which is 30s; write the same or more
            {visibility: {webhooksAllow: [ftp]}}       | `visibility.webhooksAllow: "ftp" is not allowed; it must match http|local`
            {queue: {url: "postgresql://me:secret@db/q", secretName: db}} | queue.url: a value with an @, which is not shown, is not allowed; it must match (postgresql://[^@ ,/]+(,[^@ ,/]+){0,9}/[^@ /?#]+([?][^@ ]*)?)?
            {links: {enabled: true}, queue: {url: "postgresql://d/q", secretName: db}} | links.s3 is missing: with queue.url the relays share no volume, so attachments must be kept in S3
            {links: {enabled: true, s3: {endpoint: "https://s3"}}} | links.s3.bucket is missing: the bucket for attachments
            {received: {most: 0}, delivery: {giveUpAfter: soon}, links: {downloads: 0}} | received.most: 0 is not a whole number from 1 to 1000; delivery.giveUpAfter: "soon" is no duration; write a whole number with ms, s, m or h, such as 15s; links.downloads: 0 is not a whole number from 1 to 100000
            """)
    void refusesWhatIsWrongWithAllOfItAtOnce(String given, String message) {
        assertThatThrownBy(() -> RelayConfiguration.read(given)).hasMessage(message);
    }

    @Test
    void isReadFromRoutesOfEarlierAndLaterVersions() throws Exception {
        var route = new RelayRoute(true, "", "", "", java.util.List.of(), java.util.List.of(),
                RelayConfiguration.read("{received: {most: 7}}"));
        String written = RouteJson.write(route);
        assertThat(RouteJson.read(written, RelayRoute.class)).isEqualTo(route);

        var tree = (com.fasterxml.jackson.databind.node.ObjectNode) new JsonMapper().readTree(written);
        tree.withObject("/configuration/received").put("later", 1).remove("mostOwn");
        assertThat(RouteJson.read(tree.toString(), RelayRoute.class)).isEqualTo(route);

        tree.remove("configuration");
        assertThat(RouteJson.read(tree.toString(), RelayRoute.class).configuration()).isNull();
    }
}
