/** What AWS tells every task that invokes a function to try again: Lambda's own failures, not the function's. */

/** https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html */
export const documentedRetry = {
  ErrorEquals: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  IntervalSeconds: 2,
  MaxAttempts: 6,
  BackoffRate: 2,
};
