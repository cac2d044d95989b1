/** A server's certificate and the root that issued it, for a hundred years; their keys are nowhere. DER in base64. */
export const leaf =
  'MIIBijCCAS+gAwIBAgIUFTZPk5d+6vxOvlzs5+PZBfsqNLEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw' +
  '0yNjExMjMxNjM5MjlaGA8yMTI1MDYxNzE2MzkyOVowGTEXMBUGA1UEAwwOZGIuZXhhbXBsZS5jb20wWTATBgcqhkjO' +
  'PQIBBggqhkjOPQMBBwNCAASqXsYS6onLBHESpIX5u0jQ6va4ENCCOiMctnBvYui1RhJsnQXzzguMQjCdBr18tEi5k4' +
  'wCrCcd6opANM4jiOFEo10wWzAZBgNVHREEEjAQgg5kYi5leGFtcGxlLmNvbTAdBgNVHQ4EFgQU0h9Wa7I5bvwixQAz' +
  'Xh2rvXoMUkwwHwYDVR0jBBgwFoAUzgA37G6p7CyUte+Tt+3A5Ekcxx8wCgYIKoZIzj0EAwIDSQAwRgIhAP+qK47Wbl' +
  '8GWJJaPK8gCgRb1JoQrHRfKDrX/4A/KyYUAiEAgNv2PO4dsCxtfvCQ5xFbysItKhEueoimIhbzh3Mpoaw=';
export const root =
  'MIIBdDCCARugAwIBAgIUZmXK5xIwR/SgF7DWRErIT8msdAowCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEUm9vdDAgFw' +
  '0yNjExMjMxNjM5MjlaGA8yMTI2MTAzMDE2MzkyOVowDzENMAsGA1UEAwwEUm9vdDBZMBMGByqGSM49AgEGCCqGSM49' +
  'AwEHA0IABOc9e2OEMNVal/1TGcfLTSmIxYIzZODY7UNoH9mkZUHmdH3ke5E3bHEJy93aVeNYlWaOXY0ARLjk62Zm6G' +
  'khdsCjUzBRMB0GA1UdDgQWBBTOADfsbqnsLJS175O37cDkSRzHHzAfBgNVHSMEGDAWgBTOADfsbqnsLJS175O37cDk' +
  'SRzHHzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIHOly8RQOmTuS3BZiyrJg+8hnG28Pil1y/Trwk' +
  'TkbDAVAiBIRMjjs25KHdrsxvEfeuZwEolr/B2/pCnLg13fsdA/1w==';

export const pemOf = (der: string): string =>
  `-----BEGIN CERTIFICATE-----\n${der.replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
